"""What is seen of a run while it trains: its log, its speed, its health."""
