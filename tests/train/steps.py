"""The small run that the trainer and the reference both make."""

from __future__ import annotations

import torch
from official_dino import Recipe

from fastpass.train.methods.dino import DinoConfig

KINDS, SIZES = ("global", "global", "local"), (16, 16, 8)
STEPS_PER_EPOCH, EPOCHS = 4, 3
NUM_STEPS = 10  # the run stops within its last epoch
TINY = {"img_size": 16, "patch_size": 4, "embed_dim": 32, "depth": 2, "num_heads": 2}

RECIPE = Recipe(
    num_steps=STEPS_PER_EPOCH * EPOCHS, warmup_steps=4, frozen_steps=6,
    peak_lr=4e-3 * 8 / 16, final_lr=1e-4, weight_decay=0.04, final_weight_decay=0.4,
    momentum=0.9, student_temp=0.1, teacher_temp=0.05, center_momentum=0.8, clip_norm=0.3,
)  # fmt: skip


def config(zero_stage: int, batch_size: int) -> DinoConfig:
    return DinoConfig(
        model={"name": "vit_tiny_patch16_224", "kwargs": TINY},
        head={"num_prototypes": 40, "hidden_dim": 24, "bottleneck_dim": 12},
        data={"batch_size": batch_size},
        loss={"teacher_temp": 0.05, "teacher_temp_start": 0.05, "center_momentum": 0.8},
        train={
            "zero_stage": zero_stage, "precision": "float32", "epochs": EPOCHS, "base_lr": 4e-3,
            "lr_reference_batch": 16, "final_lr": 1e-4, "warmup_epochs": 1,
            "freeze_prototypes_epochs": 1.5, "teacher_momentum": 0.9, "clip_norm": 0.3,
        },
    )  # fmt: skip


def make_views(step: int) -> list[torch.Tensor]:
    """float32 [8, 3, size, size] per view."""
    generator = torch.Generator().manual_seed(100 + step)
    return [torch.randn(8, 3, size, size, generator=generator) for size in SIZES]
