"""Values that change during training, computed for every step before the first one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastpass.train.config import Config

FloatArray = npt.NDArray[np.float64]


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


@dataclass(frozen=True)
class Schedules:
    """One float64 array of length ``num_steps`` per quantity; index = step since the start."""

    lr: FloatArray
    prototypes_lr: FloatArray  # as lr, but 0 while the last layer is frozen
    weight_decay: FloatArray
    teacher_momentum: FloatArray
    teacher_temp: FloatArray

    @property
    def num_steps(self) -> int:
        return len(self.lr)


def make_schedules(config: Config, steps_per_epoch: int, train_batch_size: int) -> Schedules:
    """DINO's schedules, all per step (the original changes the teacher temperature per epoch).

    lr is ``base_lr * train_batch_size / lr_reference_batch`` at its highest (Goyal et al. 2017).
    """
    train, loss = config.train, config.loss
    num_steps = train.epochs * steps_per_epoch

    def steps(epochs: float) -> int:
        return round(epochs * steps_per_epoch)

    lr = cosine_with_warmup(
        train.base_lr * train_batch_size / train.lr_reference_batch,
        train.final_lr,
        num_steps,
        warmup_steps=steps(train.warmup_epochs),
    )
    is_frozen = np.arange(num_steps) < steps(train.freeze_prototypes_epochs)
    return Schedules(
        lr=lr,
        prototypes_lr=np.where(is_frozen, 0.0, lr),
        weight_decay=cosine_with_warmup(train.weight_decay, train.final_weight_decay, num_steps),
        teacher_momentum=cosine_with_warmup(
            train.teacher_momentum, train.final_teacher_momentum, num_steps
        ),
        teacher_temp=linear_then_constant(
            loss.teacher_temp_start,
            loss.teacher_temp,
            num_steps,
            steps(loss.teacher_temp_warmup_epochs),
        ),
    )
