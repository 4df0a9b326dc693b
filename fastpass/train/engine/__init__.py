"""Optimizer steps over all ranks: DeepSpeed (in one file), clipping, averaged copies."""
