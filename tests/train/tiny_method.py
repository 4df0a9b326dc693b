"""A second method, as small as one can be: two views of an image shall get the same features.

No teacher, a configuration of its own, and a queue that differs between ranks: features of earlier
batches, from which the loss pushes new ones away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from fastpass.errors import ConfigError
from fastpass.model.backbone import create_backbone, feature_size
from fastpass.train.config import Config, MonitorConfig, Section
from fastpass.train.engine.param_group import ParamGroup
from fastpass.train.engine.ranks import mean_over_ranks
from fastpass.train.methods.method import Forward, Method, Outcome, RunFacts
from fastpass.train.methods.registry import register
from fastpass.train.methods.schedules import cosine_with_warmup


class QueueConfig(Section):
    length: int = Field(default=8, ge=1)
    weight: float = Field(default=0.5, ge=0.0)


class TinyConfig(Config):
    queue: QueueConfig = QueueConfig()


@dataclass(frozen=True)
class TinyOutcome(Outcome):
    features: Tensor  # float32 [N, D], of unit length


@register("tiny")
class TinyMethod(Method[TinyOutcome]):
    Config = TinyConfig
    advice = "a lower train.base_lr"

    def __init__(self, config: TinyConfig, facts: RunFacts) -> None:
        if facts.view_sizes[0] != facts.view_sizes[1]:
            raise ConfigError("augment.recipe: the first two views must be of one size")
        torch.manual_seed(config.train.seed)
        self._backbone = create_backbone(config.model.name, config.model.kwargs).to(facts.device)
        size = feature_size(self._backbone)
        self._queue = functional.normalize(torch.randn(config.queue.length, size), dim=1)
        self._weight = config.queue.weight
        steps = config.train.epochs * facts.steps_per_epoch
        self._lr = cosine_with_warmup(config.train.base_lr, config.train.final_lr, steps)

    @property
    def trained(self) -> nn.Module:
        return self._backbone

    def param_groups(self) -> list[ParamGroup]:
        return [ParamGroup(list(self._backbone.parameters()), self._lr, np.zeros_like(self._lr))]

    def forward(self, engine: Forward, views: Sequence[Tensor], step: int) -> TinyOutcome:
        features = functional.normalize(engine.forward(torch.cat(list(views[:2]))).float(), dim=1)
        one, other = features.chunk(2)
        attraction = (one - other).square().sum(dim=1).mean()
        repulsion = (one @ self._queue.T).square().mean()
        return TinyOutcome(attraction + self._weight * repulsion, one.detach())

    def after_step(self, outcome: TinyOutcome, step: int) -> None:
        self._queue = torch.cat([outcome.features, self._queue])[: len(self._queue)]

    def health(self, outcome: TinyOutcome) -> dict[str, float]:
        return {"loss": float(mean_over_ranks(outcome.loss.detach().clone()))}

    def diagnose(self, health: Mapping[str, float], limits: MonitorConfig) -> str | None:
        return "features agree" if health["loss"] == 0.0 else None

    def schedule_values(self, step: int) -> dict[str, float]:
        return {"lr": self._lr[step]}

    def encoders(self) -> dict[str, nn.Module]:
        return {"student": self._backbone}

    def state(self) -> dict[str, Tensor]:
        return {}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        assert not tensors

    def rank_state(self) -> dict[str, Tensor]:
        return {"queue": self._queue}

    def load_rank_state(self, tensors: dict[str, Tensor]) -> None:
        self._queue = tensors["queue"]
