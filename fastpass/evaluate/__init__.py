"""Numbers for a trained encoder: features of labelled images, k-NN classification."""
