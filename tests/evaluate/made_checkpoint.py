"""A checkpoint folder made without training, for the stages that only read one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from fastpass.model.backbone import create_backbone
from fastpass.train.checkpoint import CheckpointWriter

NAME = "vit_tiny_patch16_224"
KWARGS = {"img_size": 16, "patch_size": 4, "embed_dim": 32, "depth": 1, "num_heads": 2}


def make_checkpoint(
    run: Path,
    seed: int = 5,
    *,
    name: str = NAME,
    kwargs: Mapping[str, Any] = KWARGS,
    image_size: int = 16,
    extra: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, torch.Tensor]:
    """Write step 3 of a run; returns the teacher's weights: those of ``seed``, all plus 0.01.

    ``extra`` goes into the model's keywords, but makes no difference to this model.
    """
    torch.manual_seed(seed)
    student = create_backbone(name, kwargs).state_dict()
    teacher = {
        key: value + 0.01 if value.is_floating_point() else value for key, value in student.items()
    }
    writer = CheckpointWriter(run, keep=1)
    writer.begin(3)
    backbone = {
        "name": name,
        "kwargs": {**kwargs, **extra},
        "image_size": image_size,
        "mean": [0.5] * 3,
        "std": [0.25] * 3,
    }
    writer.publish(
        3,
        {"teacher.safetensors": teacher, "student.safetensors": student},
        {"epoch": 1.0, "config": {"train": {"seed": seed}}, "backbone": backbone},
    )
    return teacher
