"""Networks: a timm backbone, the projection head of DINO, and both together (needs torch)."""
