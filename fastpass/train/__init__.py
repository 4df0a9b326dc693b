"""Self-supervised training: configuration, DINO loss, DeepSpeed engine, loop, checkpoints."""
