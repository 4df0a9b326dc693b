"""What the trainer knows of a method of self-supervised learning, and what a method may know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

import torch
from torch import Tensor, nn

from fastpass.train.config import Config, MonitorConfig
from fastpass.train.engine.param_group import ParamGroup

STUDENT = "student"  # the encoder that the optimizer trains


@dataclass(frozen=True)
class RunFacts:
    """What follows from the data and the launch: made by the run, read by the method."""

    steps_per_epoch: int
    images_per_step: int  # of all ranks
    view_kinds: tuple[str, ...]  # "global" or "local", in the order of a batch's views
    view_sizes: tuple[int, ...]  # sides of the views, pixels
    device: torch.device


@dataclass(frozen=True)
class Outcome:
    """What the forward half of a step leaves; a method adds what it needs afterwards."""

    loss: Tensor  # scalar, this rank's, with its graph


OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class Forward(Protocol):
    """The part of the engine that a method uses."""

    def forward(self, *inputs: Any) -> Any:
        """``Method.trained`` applied to ``inputs``; call it once per step."""
        ...

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision in which everything else of the forward pass runs."""
        ...


class Method(Protocol[OutcomeT]):
    """One object per rank and run, made before the engine and at step 0.

    A step is ``forward``, backward and the optimizer's step (both the trainer's business), then
    ``after_step``. A method is one file in ``fastpass/train/methods`` whose class carries
    ``@register("name")``.
    """

    Config: ClassVar[type[Config]]  # the configuration of a run with this method
    advice: ClassVar[str]  # what to change when a run collapses

    def __init__(self, config: Any, facts: RunFacts) -> None:
        """Build all networks on ``facts.device``, with weights that follow from the seed alone.

        Raises ConfigError for a model, views or values that the method cannot train with.
        """
        ...

    @property
    def trained(self) -> nn.Module:
        """What the engine wraps: its forward is all of the step that needs gradients."""
        ...

    def param_groups(self) -> Sequence[ParamGroup]:
        """All parameters of ``trained`` that need gradients, in the same order on every rank."""
        ...

    def forward(self, engine: Forward, views: Sequence[Tensor], step: int) -> OutcomeT:
        """The loss of a batch: V tensors float [N, 3, h, w] on the device, as the recipe orders."""
        ...

    def after_step(self, outcome: OutcomeT, step: int) -> None:
        """Update what no gradient updates: a teacher, a center, a queue."""
        ...

    def health(self, outcome: OutcomeT) -> dict[str, float]:
        """Numbers for the log, averaged over all ranks, "loss" among them; all ranks call it."""
        ...

    def diagnose(self, health: Mapping[str, float], limits: MonitorConfig) -> str | None:
        """What is wrong with a run of this ``health``, None when nothing is."""
        ...

    def schedule_values(self, step: int) -> dict[str, float]:
        """The values in force at ``step``, for the log."""
        ...

    def encoders(self) -> dict[str, nn.Module]:
        """The feature networks that a checkpoint offers to others, "student" among them."""
        ...

    def state(self) -> dict[str, Tensor]:
        """All other tensors of a checkpoint that are equal on all ranks.

        The weights and buffers of ``trained`` are not among them: the engine saves those.
        """
        ...

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Take back what ``state`` returned. Raises KeyError, RuntimeError when it does not fit."""
        ...

    def rank_state(self) -> dict[str, Tensor]:
        """Tensors that differ between ranks, such as a queue per rank."""
        return {}

    def load_rank_state(self, tensors: dict[str, Tensor]) -> None:
        """Take back what ``rank_state`` returned on this rank."""
