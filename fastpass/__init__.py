"""fastpass."""
