"""What every run can be told, whatever its method: TOML sections, keys, defaults and ranges.

A method adds sections and keys of its own by deriving from these classes (``methods/dino.py``).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A table of the TOML file: unknown keys are refused, values never change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class MethodConfig(Section):
    """Which method trains the network."""

    name: str = "dino"  # a file of fastpass/train/methods


class ModelConfig(Section):
    """The feature network: a timm model name and its keywords."""

    name: str = "vit_small_patch16_224"
    kwargs: dict[str, Any] = {}
    drop_path_rate: float = Field(default=0.0, ge=0.0, lt=1.0)  # student only, as in DINO


class AugmentConfig(Section):
    """A recipe: a name of fastpass.augment.recipes and its keywords, or a recipe file (.toml)."""

    recipe: str = "dino"
    mode: Literal["fast", "exact"] = "fast"  # as in fastpass.Loader
    params: dict[str, Any] = {}


class DataConfig(Section):
    """How batches are made."""

    batch_size: int = Field(default=64, ge=1)  # images per rank and step (micro-batch)
    threads: int = Field(default=0, ge=0)  # native worker threads; 0 = all cores
    on_error: Literal["raise", "skip"] = "raise"
    on_damage: Literal["raise", "fill"] = "raise"  # of JPEGs: whether damaged ones are used
    orientation: Literal["ignore", "apply"] = "ignore"  # of EXIF
    max_pixels: int = Field(default=0, ge=0)  # of an image; 0 = the loader's limit
    max_scan_blocks: int = Field(default=0, ge=0)  # of a JPEG's scans; 0 = the loader's limit
    # Where images are decoded and views made: "auto" is the GPU of the run, where it has one.
    device: Literal["auto", "cpu"] = "auto"


class FeedConfig(Section):
    """Which implementation of the loader makes the batches; all make the same."""

    backend: Literal["native", "dali", "ffcv"] = "native"  # the others make them on the CPU


class TrainConfig(Section):
    """Schedules, optimizer and numerics."""

    epochs: int = Field(default=100, ge=1)
    seed: int = Field(default=0, ge=0)
    base_lr: float = Field(default=5e-4, ge=0.0, le=1e6)  # scaled by batch / lr_reference_batch
    lr_reference_batch: int = Field(default=256, ge=1)
    final_lr: float = Field(default=1e-6, ge=0.0)
    warmup_epochs: float = Field(default=10.0, ge=0.0)
    weight_decay: float = Field(default=0.04, ge=0.0, le=1e6)
    final_weight_decay: float = Field(default=0.4, ge=0.0, le=1e6)
    clip_norm: float = Field(default=3.0, ge=0.0)  # of each tensor's own gradient; 0 = no clipping
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # auto: bf16 on GPUs
    zero_stage: Literal[0, 1] = 1
    threads_per_rank: int = Field(default=0, ge=0)  # on the CPU; 0 = its share of cores


class MonitorConfig(Section):
    """When training counts as collapsed, and what happens then."""

    policy: Literal["stop", "warn", "off"] = "stop"
    patience: int = Field(default=10, ge=1)  # bad log lines in a row
    min_feature_std: float = Field(default=0.01, ge=0.0)  # of unit-length features, 0..1
    grace_epochs: float = Field(default=1.0, ge=0.0)


class LogConfig(Section):
    """What is written while training."""

    every_steps: int = Field(default=10, ge=1)
    tensorboard: bool = True


class CheckpointConfig(Section):
    """When checkpoints are written (at the end always) and how many are kept."""

    every_epochs: float = Field(default=1.0, gt=0.0)
    keep: int = Field(default=2, ge=1)


class Config(Section):
    """A whole run; the class of its method has more sections."""

    method: MethodConfig = MethodConfig()
    model: ModelConfig = ModelConfig()
    augment: AugmentConfig = AugmentConfig()
    data: DataConfig = DataConfig()
    feed: FeedConfig = FeedConfig()
    train: TrainConfig = TrainConfig()
    monitor: MonitorConfig = MonitorConfig()
    log: LogConfig = LogConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
