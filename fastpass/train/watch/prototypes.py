"""Health of a method that assigns samples to prototypes, and its three ways to collapse."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from fastpass.train.engine.ranks import mean_over_ranks
from fastpass.train.losses.dino import mean_entropy


@torch.no_grad()
def measure_prototypes(loss: Tensor, targets: Tensor, teacher_features: Tensor) -> dict[str, float]:
    """Signs of life of one step, averaged over all ranks (all of them call it).

    ``targets`` float32 [R, K] teacher distributions, ``teacher_features`` [R, D], of R views.

    - loss: nats
    - teacher_entropy: mean entropy of a teacher distribution, nats; ln K = uniform
    - prototype_entropy: entropy of the mean teacher distribution; 0 = one prototype for all
    - feature_std: total standard deviation of unit-length features, which is
      sqrt(1 - |mean unit feature|^2): 0 = constant, 1 = spread
    """
    num_prototypes = targets.shape[1]
    unit = functional.normalize(teacher_features.float(), dim=1)
    scalars = torch.stack([loss.detach().float(), mean_entropy(targets)])
    packed = mean_over_ranks(torch.cat([scalars, targets.mean(dim=0), unit.mean(dim=0)]))
    mean_target, mean_feature = packed[2 : 2 + num_prototypes], packed[2 + num_prototypes :]
    spread = (1.0 - mean_feature.square().sum()).clamp(min=0.0).sqrt()
    return {
        "loss": float(packed[0]),
        "teacher_entropy": float(packed[1]),
        "prototype_entropy": float(torch.special.entr(mean_target).sum()),
        "feature_std": float(spread),
    }


def diagnose_prototypes(
    health: Mapping[str, float],
    *,
    uniform_entropy: float,  # ln K, nats
    min_entropy_gap: float,
    min_prototype_entropy: float,
    min_feature_std: float,
) -> str | None:
    """Which kind of collapse ``measure_prototypes`` shows, None for none."""
    if uniform_entropy - health["teacher_entropy"] < min_entropy_gap:
        return (
            f"teacher distributions are uniform (entropy {health['teacher_entropy']:.4f} = ln K; "
            f"loss {health['loss']:.4f})"
        )
    if health["prototype_entropy"] < min_prototype_entropy:
        return (
            "all samples fall on the same prototypes "
            f"(entropy of the mean distribution {health['prototype_entropy']:.4f} nats)"
        )
    if health["feature_std"] < min_feature_std:
        return f"features are constant (standard deviation {health['feature_std']:.2g})"
    return None
