"""One module per stage; each prints a table and writes benchmarks/results/<stage>.json."""
