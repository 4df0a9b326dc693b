"""Other libraries doing the same work. Each library is imported only when it is measured."""
