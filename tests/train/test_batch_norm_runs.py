"""DINO with batch norm: whole and resumed runs of a small ResNet, on one rank and on two."""

from __future__ import annotations

from pathlib import Path

import launched
import pytest
from fake_data import open_fake_data

from fastpass.model.backbone import create_backbone
from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.read_config import read_config
from fastpass.train.run import train

TINY = Path(__file__).with_name("tiny.toml")
KWARGS = {"channels": [8, 16, 16, 24], "stem_width": 8, "output_stride": 8}
OVERRIDES = [
    "model.name=resnet10t",
    "model.kwargs={channels = [8, 16, 16, 24], stem_width = 8, output_stride = 8}",
    "train.epochs=2",
    "train.threads_per_rank=1",
    "checkpoint.keep=9",
]
FILES = ["teacher.safetensors", "student.safetensors", "resume.safetensors"]

pytestmark = pytest.mark.slow


def assert_timm_takes_them(run: Path) -> None:
    """Weights and running statistics load by timm's own names, and the statistics have moved."""
    for file in FILES[:2]:
        tensors = find_checkpoint(run).tensors(file)
        create_backbone("resnet10t", KWARGS).load_state_dict(tensors, strict=True)
        moved = [v for name, v in tensors.items() if name.endswith("running_mean")]
        assert moved
        assert all(bool(v.abs().sum() > 0) for v in moved)


def test_one_rank(tmp_path):
    config = read_config(TINY, [*OVERRIDES, "data.batch_size=12"])
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    assert train(config, "0", whole, open_data=open_fake_data) is True
    launched.back_to(6, whole, resumed)
    assert train(config, "0", resumed, should_resume=True, open_data=open_fake_data) is True
    launched.assert_equal_runs(resumed, whole, FILES)
    assert_timm_takes_them(whole)


@pytest.mark.timeout(3 * launched.LIMIT_SECONDS)
def test_two_ranks(tmp_path):
    whole, resumed = launched.run_whole_and_resumed(tmp_path, TINY, *OVERRIDES, step=6)
    launched.assert_equal_runs(resumed, whole, FILES)
    assert_timm_takes_them(whole)
