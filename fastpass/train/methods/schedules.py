"""Values that change during training, computed for every step before the first one."""

from __future__ import annotations

import numpy as np

from fastpass.train.engine.param_group import FloatArray


def cosine_with_warmup(
    base: float, final: float, num_steps: int, *, warmup_steps: int = 0, start: float = 0.0
) -> FloatArray:
    """float64 [num_steps]: linear from ``start`` to ``base`` (reached at the last warmup step),
    then final + (base - final) * (1 + cos(pi i / n)) / 2 over the n remaining steps.

    The form of DINO, DINOv2 and SwAV (Loshchilov & Hutter 2017 without restarts).
    """
    warmup_steps = min(warmup_steps, num_steps)
    warmup = np.linspace(start, base, warmup_steps)
    num_rest = num_steps - warmup_steps
    rest = np.arange(num_rest) / max(num_rest, 1)
    return np.concatenate([warmup, final + 0.5 * (base - final) * (1 + np.cos(np.pi * rest))])


def linear_then_constant(start: float, end: float, num_steps: int, ramp_steps: int) -> FloatArray:
    """float64 [num_steps]: linear from ``start`` to ``end`` over ``ramp_steps``, then ``end``."""
    ramp_steps = min(ramp_steps, num_steps)
    return np.concatenate(
        [np.linspace(start, end, ramp_steps), np.full(num_steps - ramp_steps, end)]
    )
