"""How the configuration becomes a pack, a recipe and a loader."""

from __future__ import annotations

import pytest
import stand_ins
import torch

from fastpass.augment import recipes
from fastpass.errors import ConfigError, ReadFailed
from fastpass.train.config import Config
from fastpass.train.data import open_data

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _fakes(monkeypatch):
    stand_ins.install(monkeypatch)


def test_everything_reaches_the_loader():
    params = {"global_size": 32, "num_local_crops": 3, "global_scale": [0.5, 1]}
    config = Config(
        augment={"recipe": "dino", "params": params, "mode": "exact"},
        data={
            "batch_size": 10, "threads": 3, "on_error": "skip", "max_pixels": 5,
            "max_scan_blocks": 6, "on_damage": "fill", "orientation": "apply",
        },
        feed={"backend": "dali"},
        train={"seed": 5},
    )  # fmt: skip
    data = open_data(config, "somewhere", CPU)
    options = data.loader.options
    assert options == {
        "batch_size": 10, "device": "cpu", "backend": "dali", "seed": 5, "rank": 0, "world_size": 1,
        "threads": 3,
        "mode": "exact", "on_error": "skip", "shuffle": True, "drop_last": True,
        "max_pixels": 5, "max_scan_blocks": 6, "on_damage": "fill", "orientation": "apply",
    }  # fmt: skip
    assert data.loader.recipe.views[0].scale == (0.5, 1)
    assert (data.fingerprint, data.num_samples) == ("abc", 40)
    assert data.view_kinds == ("global",) * 2 + ("local",) * 3
    assert data.view_sizes == (32, 32, 96, 96, 96)
    assert (data.mean, data.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_training_renders_fast_unless_told_otherwise():
    assert open_data(Config(data={"batch_size": 2}), "x", CPU).loader.options["mode"] == "fast"


def test_zero_threads_leave_the_choice_to_the_loader():
    assert open_data(Config(data={"batch_size": 2}), "x", CPU).loader.options["threads"] is None


def test_a_recipe_file_reaches_the_loader(tmp_path):
    path = tmp_path / "mine.toml"
    recipes.save(recipes.dino(global_size=48), path)
    config = Config(augment={"recipe": str(path)}, data={"batch_size": 2})
    opened = open_data(config, "x", CPU)
    assert opened.loader.recipe == opened.recipe == recipes.dino(global_size=48)
    assert opened.view_sizes[0] == 48
    with pytest.raises(ConfigError, match="global_size came with the recipe file .*mine.toml"):
        open_data(Config(augment={"recipe": str(path), "params": {"global_size": 3}}), "x", CPU)
    path.write_text("name = 'mine'\nviews = [{size = 32, flap = 1}]")
    with pytest.raises(ConfigError, match=r"mine\.toml.*views\[0\].*flap"):
        open_data(Config(augment={"recipe": str(path)}), "x", CPU)
    with pytest.raises(ReadFailed, match="missing.toml"):
        open_data(Config(augment={"recipe": str(tmp_path / "missing.toml")}), "x", CPU)


@pytest.mark.parametrize(
    ("augment", "words"),
    [
        ({"recipe": "dyno"}, "dyno"),
        ({"recipe": "__name__"}, "__name__"),
        ({"recipe": "replace"}, "replace"),
        ({"params": {"num_crops": 3}}, "num_crops"),
    ],
)
def test_wrong_recipes_are_named(augment, words):
    with pytest.raises(ConfigError, match=words):
        open_data(Config(augment=augment), "x", CPU)
