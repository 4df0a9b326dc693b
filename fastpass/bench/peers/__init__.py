"""Other libraries doing the same work. Each module is imported only when its peer is measured."""
