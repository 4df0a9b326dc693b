"""Loss functions, each written after its paper."""
