"""Makes tests/support importable."""
