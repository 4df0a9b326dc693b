"""Student and teacher, built from the configuration."""

from __future__ import annotations

import torch

from fastpass.errors import ConfigError
from fastpass.model.backbone import create_backbone, feature_size
from fastpass.model.dino_head import DinoHead
from fastpass.model.multi_crop import MultiCropNetwork
from fastpass.train.config import Config
from fastpass.train.ema import start_as_copy


def make_networks(config: Config) -> tuple[MultiCropNetwork, MultiCropNetwork]:
    """(student, teacher), with equal weights that depend on ``train.seed`` alone.

    Only the student has drop path. Raises ConfigError for backbones with batch norm: its running
    statistics would differ between ranks and be lost in checkpoints.
    """
    torch.manual_seed(config.train.seed)
    student = _make_network(config, config.model.drop_path_rate)
    teacher = _make_network(config, 0.0)
    statistics = [n for n, _ in student.backbone.named_buffers() if n.endswith("running_mean")]
    if statistics:
        raise ConfigError(
            f"model.name: {config.model.name} has batch norm ({statistics[0]}); "
            "choose a model with layer norm, such as a vision transformer"
        )
    return student, start_as_copy(teacher, student)


def _make_network(config: Config, drop_path_rate: float) -> MultiCropNetwork:
    backbone = create_backbone(config.model.name, config.model.kwargs, drop_path_rate)
    head = DinoHead(
        feature_size(backbone),
        config.head.num_prototypes,
        hidden_dim=config.head.hidden_dim,
        bottleneck_dim=config.head.bottleneck_dim,
        has_fixed_gain=config.head.has_fixed_gain,
    )
    return MultiCropNetwork(backbone, head)
