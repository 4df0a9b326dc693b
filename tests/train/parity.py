"""The fixed batch and the tiny networks that the parity test and its launched script share."""

from __future__ import annotations

from typing import Any

import torch

from fastpass.train.methods.dino import DinoConfig

KINDS, SIZES = ("global", "global", "local", "local"), (16, 16, 8, 8)
MODELS: dict[str, dict[str, Any]] = {
    "transformer": {
        "name": "vit_tiny_patch16_224",
        "kwargs": {"img_size": 16, "patch_size": 4, "embed_dim": 32, "depth": 2, "num_heads": 2},
    },
    "resnet": {  # with batch norm
        "name": "resnet10t",
        "kwargs": {"channels": [8, 16, 16, 24], "stem_width": 8, "output_stride": 8},
    },
}


def config(
    model: str, zero_stage: int = 1, batch_size: int = 8, precision: str = "float32"
) -> DinoConfig:
    return DinoConfig(
        model=MODELS[model],
        head={"num_prototypes": 50, "hidden_dim": 24, "bottleneck_dim": 12},
        data={"batch_size": batch_size},
        train={"zero_stage": zero_stage, "precision": precision, "epochs": 1},
    )


def make_views() -> list[torch.Tensor]:
    """Two global views of 16 px and two local ones of 8 px for 8 samples."""
    generator = torch.Generator().manual_seed(7)
    return [torch.randn(8, 3, size, size, generator=generator) for size in SIZES]
