"""The teacher: an exponential moving average of the student."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


@torch.no_grad()
def update_teacher(teacher: nn.Module, student: nn.Module, momentum: float) -> None:
    """teacher = momentum * teacher + (1 - momentum) * student, over parameters, in float32.

    Parameters are matched by position: both networks must be built alike. Buffers are left alone.
    """
    torch._foreach_lerp_(_data(teacher.parameters()), _data(student.parameters()), 1.0 - momentum)


def start_as_copy(teacher: Network, student: nn.Module) -> Network:
    """Give ``teacher`` the weights of ``student`` and stop its gradients; returns ``teacher``."""
    teacher.load_state_dict(student.state_dict())
    return teacher.requires_grad_(False)


def _data(parameters: Iterable[nn.Parameter]) -> list[torch.Tensor]:
    return [parameter.detach() for parameter in parameters]
