"""The configuration: unknown keys are refused by name, overrides are TOML."""

from __future__ import annotations

import pytest

from fastpass.errors import ConfigError
from fastpass.train.methods.dino import DinoConfig
from fastpass.train.read_config import changed_keys, read_config


@pytest.fixture
def write(tmp_path):
    def _write(text):
        path = tmp_path / "a.toml"
        path.write_text(text)
        return path

    return _write


def test_defaults_are_the_vanilla_recipe(write):
    assert read_config(write("")) == DinoConfig()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[train]\nepoch = 3", "unknown key train.epoch"),
        ("[trian]\nepochs = 3", "unknown key trian"),
        ("[train]\nepochs = 0", "train.epochs"),
        ("[train]\nepochs = 'many'", "train.epochs"),
        ("[train]\nprecision = 'float16'", "train.precision"),
        ("[augment]\nmode = 'quick'", "augment.mode"),
        ("[train]\nbase_lr = nan", "train.base_lr"),
        ("[loss]\nteacher_temp = -1", "loss.teacher_temp"),
        ("train = 3", "train"),
    ],
)
def test_every_fault_is_named(write, text, name):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert name in str(caught.value)
    assert str(path) in str(caught.value)


def test_all_faults_are_named_at_once(write):
    with pytest.raises(ConfigError, match=r"head\.nope.*train\.nope"):
        read_config(write("[head]\nnope = 1\n[train]\nnope = 1"))


@pytest.mark.parametrize("text", ["[train", "a = 1 = 2"])
def test_bad_toml(write, text):
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_config(write(text))


def test_missing_file(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml"):
        read_config(tmp_path / "none.toml")


def test_overrides(write):
    config = read_config(
        write("[train]\nepochs = 3\nbase_lr = 1"),
        [
            "train.epochs=7",
            "train.precision=float32",
            "model.kwargs.depth=2",
            "augment.params={num_local_crops = 4}",
            "log.tensorboard=false",
        ],
    )
    assert config.train.epochs == 7
    assert config.train.base_lr == 1.0
    assert config.train.precision == "float32"
    assert config.model.kwargs == {"depth": 2}
    assert config.augment.params == {"num_local_crops": 4}
    assert config.log.tensorboard is False


@pytest.mark.parametrize("text", ["epochs=3", "train.epochs", "train..epochs=3", "train.epochs=[1"])
def test_bad_overrides(write, text):
    with pytest.raises(ConfigError, match="override"):
        read_config(write(""), [text])


def test_unknown_override_is_named(write):
    with pytest.raises(ConfigError, match=r"unknown key train\.epoch"):
        read_config(write(""), ["train.epoch=3"])


def test_changed_keys_names_what_matters_and_only_that():
    old = DinoConfig()
    new = DinoConfig(
        train={"epochs": 3}, model={"kwargs": {"depth": 2}}, augment={"mode": "exact"},
        log={"every_steps": 3}, data={"threads": 5}, checkpoint={"keep": 9},
    )  # fmt: skip
    changes = changed_keys(old.model_dump(mode="json"), new)
    assert any(change.startswith("train.epochs: 100 -> 3") for change in changes)
    assert any("model.kwargs" in change for change in changes)
    assert any(change.startswith("augment.mode: 'fast' -> 'exact'") for change in changes)
    assert not [c for c in changes if c.startswith(("log", "checkpoint", "data"))]
    assert changed_keys(old.model_dump(mode="json"), old) == []
