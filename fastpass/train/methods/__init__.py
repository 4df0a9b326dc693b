"""Methods of self-supervised learning, one file each, behind the protocol in ``method.py``."""
