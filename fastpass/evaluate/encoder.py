"""The network under evaluation: what turns a batch of views into features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fastpass.errors import BadCheckpoint
from fastpass.evaluate.which import Which
from fastpass.model.backbone import create_backbone
from fastpass.train import checkpoint as files
from fastpass.train.checkpoint import Checkpoint


@dataclass(frozen=True)
class Encoder:
    """``encode``: float [N, 3, h, w] -> float [N, D]; what it expects its input to be."""

    which: Which
    encode: Callable[[Tensor], Tensor]
    image_size: int  # pixels
    mean: tuple[float, ...]
    std: tuple[float, ...]


def load_encoder(checkpoint: Checkpoint, which: Which, device: torch.device) -> Encoder:
    """The backbone of a checkpoint in evaluation mode, or a baseline beside it.

    "untrained" is the very network that training started from (same seed), "pixels" the flattened
    image. Raises BadCheckpoint when weights and model do not belong together.
    """
    backbone = checkpoint.state["backbone"]
    encode: Callable[[Tensor], Tensor]
    if which == "pixels":
        encode = _flatten
    else:
        torch.manual_seed(checkpoint.state["config"]["train"]["seed"])
        network = create_backbone(backbone["name"], backbone["kwargs"])
        if which != "untrained":
            name = files.TEACHER if which == "teacher" else files.STUDENT
            try:
                network.load_state_dict(checkpoint.tensors(name))
            except RuntimeError as error:
                raise BadCheckpoint(f"{checkpoint.folder / name}: {error}") from error
        encode = network.eval().requires_grad_(False).to(device)
    return Encoder(
        which, encode, backbone["image_size"], tuple(backbone["mean"]), tuple(backbone["std"])
    )


def _flatten(images: Tensor) -> Tensor:
    return images.flatten(1)
