"""Which parameters are decayed, which are not, and which are frozen at first."""

from __future__ import annotations

from typing import Any

from torch import nn

from fastpass.model.multi_crop import MultiCropNetwork

DECAYED, NOT_DECAYED, PROTOTYPES = "decayed", "not_decayed", "prototypes"


def make_param_groups(student: MultiCropNetwork) -> list[dict[str, Any]]:
    """AdamW groups: matrices are decayed, biases and other 1-d tensors are not (as in DINO).

    The prototypes form a group of their own because a missing gradient does not freeze a tensor
    under ZeRO: freezing is done with a learning rate of 0 (AdamW's decay is scaled by it too).
    Tensors that are not trained are left out; so are empty groups, which DeepSpeed would drop.
    """
    groups: dict[str, list[nn.Parameter]] = {DECAYED: [], NOT_DECAYED: [], PROTOTYPES: []}
    for name, parameter in student.named_parameters():
        if parameter.requires_grad:
            groups[group_name(name, parameter)].append(parameter)
    return [{"params": params, "name": name} for name, params in groups.items() if params]


def group_name(name: str, parameter: nn.Parameter) -> str:
    """The group that the parameter called ``name`` in the student belongs to."""
    if name.startswith("head.prototypes."):
        return PROTOTYPES
    return NOT_DECAYED if parameter.ndim <= 1 or name.endswith(".bias") else DECAYED
