"""One step of DINO; read ``DinoTrainer.train_step`` beside algorithm 1 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fastpass.model.multi_crop import MultiCropNetwork
from fastpass.train.dino_loss import DinoLoss
from fastpass.train.ema import update_teacher
from fastpass.train.engine import TrainEngine
from fastpass.train.monitor import Health, measure_health
from fastpass.train.schedules import Schedules


@dataclass(frozen=True)
class StepResult:
    """What one step left for the monitor; tensors stay on the device until somebody looks."""

    loss: Tensor  # scalar, this rank's
    targets: Tensor  # float32 [Q * N, K]
    teacher_features: Tensor  # [Q * N, D]

    def health(self) -> Health:
        """Averages over all ranks (to be called by all of them)."""
        return measure_health(self.loss, self.targets, self.teacher_features)


@dataclass
class DinoTrainer:
    """Student, teacher, loss and schedules of a run."""

    engine: TrainEngine
    student: MultiCropNetwork
    teacher: MultiCropNetwork
    loss: DinoLoss
    schedules: Schedules
    clip_norm: float
    seed: int
    rank: int

    def train_step(self, views: Sequence[Tensor], step: int) -> StepResult:
        """One update with a batch: V tensors float [N, 3, h, w], the global views first."""
        at = self.schedules
        # Randomness (drop path) belongs to the step, not to what ran before: restarts are exact.
        torch.manual_seed(((self.seed * 1_000_003 + step) * 65_537 + self.rank) % 2**63)
        # Made where the model is, as a rule; then this does nothing.
        views = [view.to(self.engine.device, non_blocking=True) for view in views]

        with torch.no_grad(), self.engine.autocast():
            teacher_features = self.teacher.features(views[: self.loss.num_teacher_views])
            teacher_scores = self.teacher.head(teacher_features)
        targets = self.loss.targets(teacher_scores, at.teacher_temp[step])

        student_scores = self.engine.forward(views)
        loss = self.loss(student_scores, targets)

        self.engine.backward(loss)
        self.engine.clip(self.clip_norm)
        self.engine.step(
            lr=at.lr[step], prototypes_lr=at.prototypes_lr[step], weight_decay=at.weight_decay[step]
        )
        update_teacher(self.teacher, self.student, at.teacher_momentum[step])
        self.loss.update_center(teacher_scores)
        return StepResult(loss.detach(), targets, teacher_features)
