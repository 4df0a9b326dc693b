"""A safetensors file that ``timm.create_model`` loads without a missing or unexpected key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import torch

from fastpass.common.files import written_path
from fastpass.common.outputs import mark_of
from fastpass.errors import BadCheckpoint, WriteFailed
from fastpass.model.backbone import create_backbone, timm_options
from fastpass.train import checkpoint as files
from fastpass.train.checkpoint import Checkpoint

KIND = "export"  # of output; see fastpass.common.outputs


def export_timm(
    checkpoint: Checkpoint, path: str | Path, *, network: Literal["teacher", "student"] = "teacher"
) -> dict[str, str]:
    """Write the backbone of ``checkpoint`` to ``path``; returns the metadata stored in the header.

    The metadata say how to build the model again: ``timm.create_model(model, num_classes=0,
    **json.loads(kwargs))``, and what its input is: ``image_size`` (pixels), ``mean`` and ``std``.
    The weights are loaded into that very model before anything is written.
    Raises BadCheckpoint when they do not fit, WriteFailed.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    name = files.TEACHER if network == "teacher" else files.STUDENT
    backbone = checkpoint.state["backbone"]
    weights = checkpoint.tensors(name)
    model = create_backbone(backbone["name"], backbone["kwargs"])
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise BadCheckpoint(f"{checkpoint.folder / name}: {error}") from error
    metadata = {
        "format": "pt",
        "written_by": mark_of(KIND),
        "model": backbone["name"],
        "kwargs": json.dumps(timm_options(backbone["name"], backbone["kwargs"])),
        "image_size": json.dumps(backbone["image_size"]),
        "mean": json.dumps(backbone["mean"]),
        "std": json.dumps(backbone["std"]),
        "step": str(checkpoint.step),
    }
    try:
        with written_path(path) as temporary:
            save_file(weights, temporary, metadata=metadata)
    except SafetensorError as error:  # a full disk, too
        raise WriteFailed(f"cannot write {path}: {error}") from error
    return metadata


def load_exported(path: str | Path) -> torch.nn.Module:
    """Build the model that an exported file describes, with its weights, in evaluation mode."""
    import timm
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    model: torch.nn.Module = timm.create_model(
        metadata["model"],
        num_classes=0,
        checkpoint_path=str(path),
        **json.loads(metadata["kwargs"]),
    )
    return model.eval()
