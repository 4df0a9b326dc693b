"""Watching for collapse: the ways in which self-distillation stops carrying information."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from fastpass.errors import Collapsed
from fastpass.train.config import MonitorConfig
from fastpass.train.dino_loss import mean_entropy
from fastpass.train.ranks import mean_over_ranks


@dataclass(frozen=True)
class Health:
    """Signs of life of one step, averaged over all ranks."""

    loss: float  # nats
    teacher_entropy: float  # mean entropy of a teacher distribution, nats; ln K = uniform
    prototype_entropy: float  # entropy of the mean teacher distribution; 0 = one prototype for all
    feature_std: float  # total standard deviation of unit-length features: 0 = constant, 1 = spread


@torch.no_grad()
def measure_health(loss: Tensor, targets: Tensor, teacher_features: Tensor) -> Health:
    """``targets`` float32 [Q * N, K] teacher distributions, ``teacher_features`` [Q * N, D].

    The standard deviation is sqrt(1 - |mean unit feature|^2), the root of the summed variances.
    """
    num_prototypes = targets.shape[1]
    unit = functional.normalize(teacher_features.float(), dim=1)
    scalars = torch.stack([loss.detach().float(), mean_entropy(targets)])
    packed = mean_over_ranks(torch.cat([scalars, targets.mean(dim=0), unit.mean(dim=0)]))
    mean_target, mean_feature = packed[2 : 2 + num_prototypes], packed[2 + num_prototypes :]
    spread = (1.0 - mean_feature.square().sum()).clamp(min=0.0).sqrt()
    return Health(
        loss=float(packed[0]),
        teacher_entropy=float(packed[1]),
        prototype_entropy=float(torch.special.entr(mean_target).sum()),
        feature_std=float(spread),
    )


class CollapseMonitor:
    """Decides whether a run is healthy; ``check`` is called once per log line."""

    def __init__(self, config: MonitorConfig, num_prototypes: int, grace_steps: int) -> None:
        self._config = config
        self._uniform_entropy = math.log(num_prototypes)
        self._grace_steps = grace_steps
        self._num_bad = 0

    def check(self, step: int, health: Health) -> str | None:
        """None when healthy, else what is wrong.

        Raises Collapsed under policy "stop": at once when the loss is not finite, else after
        ``patience`` bad calls in a row. Nothing but a broken loss counts in the first steps.
        """
        if self._config.policy == "off":
            return None
        if not math.isfinite(health.loss):
            self._stop(f"step {step}: the loss is {health.loss}")
            return f"the loss is {health.loss}"
        problem = self._diagnose(health) if step > self._grace_steps else None
        self._num_bad = self._num_bad + 1 if problem else 0
        if self._num_bad >= self._config.patience:
            self._stop(f"step {step}: {problem}, for {self._num_bad} log lines in a row")
        return problem

    def _diagnose(self, health: Health) -> str | None:
        if self._uniform_entropy - health.teacher_entropy < self._config.min_entropy_gap:
            return (
                f"teacher distributions are uniform (entropy {health.teacher_entropy:.4f} = ln K; "
                f"loss {health.loss:.4f})"
            )
        if health.prototype_entropy < self._config.min_prototype_entropy:
            return (
                "all samples fall on the same prototypes "
                f"(entropy of the mean distribution {health.prototype_entropy:.4f} nats)"
            )
        if health.feature_std < self._config.min_feature_std:
            return f"features are constant (standard deviation {health.feature_std:.2g})"
        return None

    def _stop(self, what: str) -> None:
        if self._config.policy == "stop":
            raise Collapsed(
                f"training has collapsed: {what}. Try a lower train.base_lr, a lower "
                "loss.teacher_temp, a longer train.warmup_epochs or freeze_prototypes_epochs, or "
                'set monitor.policy = "warn" to go on'
            )
