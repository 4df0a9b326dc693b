"""DINO (Caron et al. 2021): read ``forward`` and ``after_step`` beside algorithm 1 of the paper.

A student learns to predict, from every view of an image, which prototypes its own moving average
(the teacher) assigns to the other global views. The configuration's defaults are those of the
official "vanilla" run: ViT-S/16, ImageNet, 100 epochs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from fastpass.errors import ConfigError
from fastpass.model.backbone import (
    architecture_options,
    create_backbone,
    feature_size,
    require_view_sizes,
)
from fastpass.model.batch_norm import synchronize_batch_norm, train_batch_norm_only
from fastpass.model.dino_head import DinoHead
from fastpass.model.multi_crop import MultiCropNetwork
from fastpass.train.config import Config, ModelConfig, MonitorConfig, Section, TrainConfig
from fastpass.train.engine import ranks
from fastpass.train.engine.ema import start_as_copy, update_teacher
from fastpass.train.engine.param_group import FloatArray, ParamGroup
from fastpass.train.losses.dino import DinoLoss
from fastpass.train.methods.method import Forward, Method, Outcome, RunFacts
from fastpass.train.methods.registry import register
from fastpass.train.methods.schedules import cosine_with_warmup, linear_then_constant
from fastpass.train.watch.prototypes import diagnose_prototypes, measure_prototypes


class DinoHeadConfig(Section):
    """DINO's projection head."""

    num_prototypes: int = Field(default=65536, ge=2)
    hidden_dim: int = Field(default=2048, ge=1)
    bottleneck_dim: int = Field(default=256, ge=1)
    has_fixed_gain: bool = True  # DINO's norm_last_layer


class DinoLossConfig(Section):
    """Temperatures and centering of the DINO loss."""

    student_temp: float = Field(default=0.1, gt=0.0)
    teacher_temp: float = Field(default=0.04, gt=0.0)
    teacher_temp_start: float = Field(default=0.04, gt=0.0)
    teacher_temp_warmup_epochs: float = Field(default=0.0, ge=0.0)
    center_momentum: float = Field(default=0.9, ge=0.0, le=1.0)


class DinoTrainConfig(TrainConfig):
    """The teacher's average, and the prototypes that wait for it."""

    teacher_momentum: float = Field(default=0.996, ge=0.0, le=1.0)
    final_teacher_momentum: float = Field(default=1.0, ge=0.0, le=1.0)
    freeze_prototypes_epochs: float = Field(default=1.0, ge=0.0)


class DinoMonitorConfig(MonitorConfig):
    """Two more ways to collapse: uniform targets, and one target for all images."""

    min_entropy_gap: float = Field(default=1e-3, ge=0.0)  # ln K minus the teacher's entropy, nats
    min_prototype_entropy: float = Field(default=0.1, ge=0.0)  # of the mean target, nats


class DinoConfig(Config):
    """A whole run of DINO."""

    head: DinoHeadConfig = DinoHeadConfig()
    loss: DinoLossConfig = DinoLossConfig()
    train: DinoTrainConfig = DinoTrainConfig()
    monitor: DinoMonitorConfig = DinoMonitorConfig()


@dataclass(frozen=True)
class DinoOutcome(Outcome):
    """Q teacher views and N samples of this rank, K prototypes, D features."""

    targets: Tensor  # float32 [Q * N, K]: what the student had to predict
    teacher_scores: Tensor  # float32 [Q * N, K]: the same before centering and sharpening
    teacher_features: Tensor  # [Q * N, D]


@dataclass(frozen=True)
class DinoSchedules:
    """One float64 array of length ``num_steps`` per quantity; index = step since the start."""

    lr: FloatArray
    prototypes_lr: FloatArray  # as lr, but 0 in the first ``frozen_steps``
    weight_decay: FloatArray
    teacher_momentum: FloatArray
    teacher_temp: FloatArray
    frozen_steps: int


@register("dino")
class DinoMethod(Method[DinoOutcome]):
    """Student, teacher, center and schedules of a run."""

    Config = DinoConfig
    advice = (
        "a lower train.base_lr, a lower loss.teacher_temp, a longer train.warmup_epochs or "
        "freeze_prototypes_epochs"
    )

    def __init__(self, config: DinoConfig, facts: RunFacts) -> None:
        kinds = list(facts.view_kinds)
        if len(kinds) < 2 or kinds != sorted(kinds) or kinds[0] != "global":  # "global" < "local"
            raise ConfigError(
                f"augment.recipe: {config.augment.recipe!r} gives the views {', '.join(kinds)}; "
                "DINO needs at least two, and the global ones first"
            )
        student, teacher = make_networks(config)
        require_view_sizes(student.backbone, config.model.name, facts.view_sizes)
        self._student = student.to(facts.device)
        self._teacher = teacher.to(facts.device)
        self._num_teacher_views = kinds.count("global")
        self._loss = DinoLoss(
            config.head.num_prototypes,
            student_temp=config.loss.student_temp,
            center_momentum=config.loss.center_momentum,
            num_teacher_views=self._num_teacher_views,
        ).to(facts.device)
        self._schedules = make_schedules(config, facts.steps_per_epoch, facts.images_per_step)

    @property
    def trained(self) -> MultiCropNetwork:
        return self._student

    def forward(self, engine: Forward, views: Sequence[Tensor], step: int) -> DinoOutcome:
        with torch.no_grad(), engine.autocast():
            teacher_features = self._teacher.features(views[: self._num_teacher_views])
            teacher_scores = self._teacher.head(teacher_features)
        targets = self._loss.targets(teacher_scores, self._schedules.teacher_temp[step])
        loss = self._loss(engine.forward(views), targets)
        return DinoOutcome(loss, targets, teacher_scores, teacher_features)

    def after_step(self, outcome: DinoOutcome, step: int) -> None:
        update_teacher(self._teacher, self._student, self._schedules.teacher_momentum[step])
        self._loss.update_center(outcome.teacher_scores)

    def param_groups(self) -> list[ParamGroup]:
        """Matrices are decayed, biases and other 1-d tensors are not (as in DINO).

        The prototypes form a group of their own because a missing gradient does not freeze a
        tensor under ZeRO: a learning rate of 0 does (AdamW's decay is scaled by it too), and its
        averages start when the prototypes are set free, as they do in the official code.
        """
        at = self._schedules
        decayed, not_decayed, prototypes = split_parameters(self._student)
        return [
            ParamGroup(decayed, at.lr, at.weight_decay),
            ParamGroup(not_decayed, at.lr, np.zeros_like(at.weight_decay)),
            ParamGroup(prototypes, at.prototypes_lr, at.weight_decay, at.frozen_steps),
        ]

    def health(self, outcome: DinoOutcome) -> dict[str, float]:
        return measure_prototypes(outcome.loss, outcome.targets, outcome.teacher_features)

    def diagnose(self, health: Mapping[str, float], limits: MonitorConfig) -> str | None:
        assert isinstance(limits, DinoMonitorConfig)
        return diagnose_prototypes(
            health,
            uniform_entropy=math.log(len(self._loss.center)),
            min_entropy_gap=limits.min_entropy_gap,
            min_prototype_entropy=limits.min_prototype_entropy,
            min_feature_std=limits.min_feature_std,
        )

    def schedule_values(self, step: int) -> dict[str, float]:
        names = ("lr", "weight_decay", "teacher_momentum", "teacher_temp")
        return {name: getattr(self._schedules, name)[step] for name in names}

    def encoders(self) -> dict[str, nn.Module]:
        return {"student": self._student.backbone, "teacher": self._teacher.backbone}

    def state(self) -> dict[str, Tensor]:
        return {**self._teacher.head.state_dict(), "center": self._loss.center}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        self._loss.center.copy_(tensors.pop("center"))
        self._teacher.head.load_state_dict(tensors)


def make_networks(config: DinoConfig) -> tuple[MultiCropNetwork, MultiCropNetwork]:
    """(student, teacher), with equal weights that depend on ``train.seed`` alone.

    Batch norm takes its statistics from the batches of all ranks, in both networks; the teacher's
    are those of its own passes over the global views, not averages of the student's. Nothing else
    of the teacher is in training mode: it drops no path and no unit.
    """
    torch.manual_seed(config.train.seed)
    student = _make_network(config.model, config.head)
    architecture = config.model.model_copy(
        update={"kwargs": architecture_options(config.model.kwargs), "drop_path_rate": 0.0}
    )
    teacher = start_as_copy(_make_network(architecture, config.head), student)
    if ranks.world_size() > 1:
        synchronize_batch_norm(student)
        synchronize_batch_norm(teacher)
    train_batch_norm_only(teacher)
    return student, teacher


def _make_network(model: ModelConfig, options: DinoHeadConfig) -> MultiCropNetwork:
    backbone = create_backbone(model.name, model.kwargs, model.drop_path_rate)
    head = DinoHead(
        feature_size(backbone),
        options.num_prototypes,
        hidden_dim=options.hidden_dim,
        bottleneck_dim=options.bottleneck_dim,
        has_fixed_gain=options.has_fixed_gain,
    )
    return MultiCropNetwork(backbone, head)


def split_parameters(student: MultiCropNetwork) -> tuple[list[nn.Parameter], ...]:
    """(decayed, not decayed, prototypes): every parameter of the student that is trained."""
    groups: tuple[list[nn.Parameter], ...] = ([], [], [])
    for name, parameter in student.named_parameters():
        if name.startswith("head.prototypes."):
            group = groups[2]
        else:
            group = groups[1 if parameter.ndim <= 1 or name.endswith(".bias") else 0]
        if parameter.requires_grad:
            group.append(parameter)
    return groups


def make_schedules(
    config: DinoConfig, steps_per_epoch: int, train_batch_size: int
) -> DinoSchedules:
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
    frozen_steps = steps(train.freeze_prototypes_epochs)
    return DinoSchedules(
        lr=lr,
        prototypes_lr=np.where(np.arange(num_steps) < frozen_steps, 0.0, lr),
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
        frozen_steps=frozen_steps,
    )
