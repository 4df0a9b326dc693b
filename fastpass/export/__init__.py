"""Trained encoders as files that other programs read."""
