"""A checkpoint folder made without training, for the stages that only read one."""

from __future__ import annotations

from pathlib import Path

import torch

from fastpass.model.backbone import create_backbone
from fastpass.train.checkpoint import CheckpointWriter

NAME = "vit_tiny_patch16_224"
KWARGS = {"img_size": 16, "patch_size": 4, "embed_dim": 32, "depth": 1, "num_heads": 2}


def make_checkpoint(run: Path, seed: int = 5) -> dict[str, torch.Tensor]:
    """Write step 3 of a run; returns the teacher's weights: those of ``seed``, all plus 0.01."""
    torch.manual_seed(seed)
    student = create_backbone(NAME, KWARGS).state_dict()
    teacher = {name: value + 0.01 for name, value in student.items()}
    writer = CheckpointWriter(run, keep=1)
    writer.begin(3)
    backbone = {
        "name": NAME,
        "kwargs": KWARGS,
        "image_size": 16,
        "mean": [0.5] * 3,
        "std": [0.25] * 3,
    }
    writer.publish(
        3,
        {"teacher.safetensors": teacher, "student.safetensors": student},
        {"epoch": 1.0, "config": {"train": {"seed": seed}}, "backbone": backbone},
    )
    return teacher
