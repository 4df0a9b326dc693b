"""common: what several stages need and none of them owns."""
