"""The recipes in configs/."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastpass.train.methods.dino import DinoConfig, make_networks
from fastpass.train.read_config import read_config

CONFIGS = Path(__file__).parents[2] / "configs"


def test_there_are_recipes():
    assert {path.stem for path in CONFIGS.glob("*.toml")} >= {
        "dino_vits16", "dino_cifar10", "dino_demo", "dino_photos",
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_is_valid_and_buildable(path):
    config = read_config(path, ["head.num_prototypes=16"])
    student, teacher = make_networks(config)
    assert sum(p.numel() for p in student.parameters()) == sum(
        p.numel() for p in teacher.parameters()
    )


def test_the_official_recipe_is_the_published_one():
    config = read_config(CONFIGS / "dino_vits16.toml")
    assert (config.train, config.loss, config.head) == (
        DinoConfig().train.model_copy(update={"precision": "bfloat16"}),
        DinoConfig().loss,
        DinoConfig().head,
    )
    assert config.data.batch_size == 64
    assert config.augment.params["num_local_crops"] == 8
