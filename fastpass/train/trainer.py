"""A training step of any method: its loss, DeepSpeed's backward and step, its updates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from fastpass.train.config import Config
from fastpass.train.engine import ranks
from fastpass.train.engine.deepspeed import TrainEngine
from fastpass.train.methods.method import Method, Outcome


class Trainer:
    """A method and the engine that trains its networks."""

    def __init__(
        self, config: Config, method: Method[Any], *, num_steps: int, device: torch.device
    ) -> None:
        self.method = method
        self.num_steps = num_steps
        self.engine = TrainEngine(method.trained, method.param_groups(), config, device)
        self.problem: str | None = None  # of the last step, on this rank: a number that is none
        named = method.trained.named_parameters()
        self._trained = {name: value for name, value in named if value.requires_grad}
        self._clip_norm = config.train.clip_norm
        self._seed = config.train.seed

    def train_step(self, views: Sequence[Tensor], step: int) -> Outcome:
        """One update with a batch: V tensors float [N, 3, h, w], in the recipe's order."""
        # Randomness (drop path) belongs to the step, not to what ran before: restarts are exact.
        torch.manual_seed(((self._seed * 1_000_003 + step) * 65_537 + ranks.rank()) % 2**63)
        # Made where the model is, as a rule; then this does nothing.
        views = [view.to(self.engine.device, non_blocking=True) for view in views]
        outcome: Outcome = self.method.forward(self.engine, views, step)
        self.engine.backward(outcome.loss)
        norms = self.engine.clip(self._clip_norm)
        self.engine.step(step)
        self.method.after_step(outcome, step)
        self.problem = self._find_non_finite(outcome.loss, norms)
        return outcome

    @torch.no_grad()
    def _find_non_finite(self, loss: Tensor, gradient_norms: Tensor) -> str | None:
        """What of the step on this rank is infinite or not a number, None for nothing."""
        largest = torch.stack(torch._foreach_norm(list(self._trained.values()), float("inf")))
        finite = [loss.isfinite(), gradient_norms.isfinite().all(), largest.isfinite().all()]
        if bool(torch.stack(finite).all()):  # one wait for the device, not three
            return None
        if not finite[0]:
            return f"the loss is {float(loss)}"
        names = list(self._trained)
        what, values = ("gradient of", gradient_norms)
        if finite[1]:
            what, values = ("parameter", largest)
        return f"the {what} {names[int((~values.isfinite()).nonzero()[0])]} is not finite"
