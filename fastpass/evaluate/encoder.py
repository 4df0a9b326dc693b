"""The network under evaluation: what turns a batch of views into features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from fastpass.errors import BadCheckpoint
from fastpass.evaluate.which import Which
from fastpass.model.backbone import architecture_options, create_backbone
from fastpass.train import checkpoint as files
from fastpass.train.checkpoint import Checkpoint


@dataclass(frozen=True)
class Encoder:
    """``encode``: float [N, 3, h, w] -> float [N, D]; what it expects its input to be."""

    which: Which
    encode: Callable[[Tensor], Tensor]
    image_size: int  # pixels
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def load_encoder(checkpoint: Checkpoint, which: Which, device: torch.device) -> Encoder:
    """The backbone of a checkpoint in evaluation mode, or a baseline beside it.

    "untrained" is the very network that training started from (same seed), "pixels" the flattened
    image. Raises BadCheckpoint when weights and model do not belong together.
    """
    backbone = checkpoint.state["backbone"]
    encode: Callable[[Tensor], Tensor]
    if which == "pixels":
        encode = _flatten
    elif which == "untrained":
        torch.manual_seed(checkpoint.state["config"]["train"]["seed"])
        encode = _frozen(create_backbone(backbone["name"], backbone["kwargs"]), device)
    else:
        encode = _frozen(trained_network(checkpoint, which), device)
    return Encoder(
        which, encode, backbone["image_size"], tuple(backbone["mean"]), tuple(backbone["std"])
    )


def _flatten(images: Tensor) -> Tensor:
    return images.flatten(1)


def _frozen(network: nn.Module, device: torch.device) -> nn.Module:
    return network.eval().requires_grad_(False).to(device)


def trained_network(checkpoint: Checkpoint, which: Literal["teacher", "student"]) -> nn.Module:
    """The backbone of a checkpoint with its weights, on the CPU.

    Raises BadCheckpoint when weights and model do not belong together.
    """
    backbone = checkpoint.state["backbone"]
    network = create_backbone(backbone["name"], architecture_of(checkpoint))
    name = files.TEACHER if which == "teacher" else files.STUDENT
    try:
        network.load_state_dict(checkpoint.tensors(name))
    except RuntimeError as error:
        raise BadCheckpoint(f"{checkpoint.folder / name}: {error}") from error
    return network


def architecture_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """timm's keywords of the backbone, without those that say where its first weights come from."""
    return architecture_options(checkpoint.state["backbone"]["kwargs"])
