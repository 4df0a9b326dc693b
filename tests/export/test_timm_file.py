"""The exported file is loaded by timm itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluate"))
from made_checkpoint import KWARGS, NAME, make_checkpoint

from fastpass.errors import BadCheckpoint, WriteFailed
from fastpass.export.commands import export_command
from fastpass.export.timm_file import export_timm, load_exported
from fastpass.train.checkpoint import find_checkpoint


@pytest.fixture
def run(tmp_path):
    make_checkpoint(tmp_path / "run")
    return tmp_path / "run"


def test_timm_loads_it_without_missing_or_unexpected_keys(run, tmp_path):
    file = tmp_path / "encoder.safetensors"
    export_timm(find_checkpoint(run), file)
    with safe_open(file, framework="pt") as opened:
        metadata = opened.metadata()
    kwargs = json.loads(metadata["kwargs"])
    plain = timm.create_model(metadata["model"], num_classes=0, **kwargs)
    keys = plain.load_state_dict(load_file(file), strict=False)
    assert (keys.missing_keys, keys.unexpected_keys) == ([], [])
    by_path = timm.create_model(
        metadata["model"], num_classes=0, checkpoint_path=str(file), **kwargs
    ).eval()
    teacher = timm.create_model(NAME, num_classes=0, dynamic_img_size=True, **KWARGS).eval()
    teacher.load_state_dict(make_checkpoint(tmp_path / "again"))
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(by_path(images), teacher(images))
        assert torch.equal(load_exported(file)(images), teacher(images))
    assert json.loads(metadata["mean"]) == [0.5] * 3
    assert json.loads(metadata["std"]) == [0.25] * 3
    assert metadata["image_size"] == "16"


def test_student_is_another_network(run, tmp_path):
    export_timm(find_checkpoint(run), tmp_path / "t.safetensors")
    export_timm(find_checkpoint(run), tmp_path / "s.safetensors", network="student")
    teacher, student = load_file(tmp_path / "t.safetensors"), load_file(tmp_path / "s.safetensors")
    assert not torch.equal(teacher["cls_token"], student["cls_token"])


def test_weights_of_another_model_are_refused(run, tmp_path):
    checkpoint = find_checkpoint(run)
    checkpoint.state["backbone"]["kwargs"] = KWARGS | {"depth": 2}
    with pytest.raises(BadCheckpoint, match=r"blocks\.1"):
        export_timm(checkpoint, tmp_path / "x.safetensors")
    assert not list(tmp_path.glob("x*"))


def test_unwritable_output_leaves_nothing(run, tmp_path):
    (tmp_path / "a_file").write_text("mine")
    with pytest.raises(WriteFailed, match="a_file/x.safetensors: "):
        export_timm(find_checkpoint(run), tmp_path / "a_file" / "x.safetensors")
    assert (tmp_path / "a_file").read_text() == "mine"


def _export(run, file, *more):
    arguments = ["--checkpoint", str(run), "--to", "timm", "-o", str(file), *more]
    return CliRunner().invoke(export_command, arguments)


def test_what_is_printed_loads_model_and_transform(run, tmp_path):
    """Pasted as it is: the weights, and the size, mean and std of training."""
    file = tmp_path / "it's an encoder.safetensors"
    result = _export(run, file)
    assert result.exit_code == 0
    found = {}
    exec(result.output.split("\n\n", 1)[1], found)
    teacher = timm.create_model(NAME, num_classes=0, dynamic_img_size=True, **KWARGS).eval()
    teacher.load_state_dict(make_checkpoint(tmp_path / "again"))
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(found["model"].eval()(images), teacher(images))
    config = found["data_config"]
    assert tuple(config["input_size"]) == (3, 16, 16)
    assert list(config["mean"]) == [0.5] * 3
    assert list(config["std"]) == [0.25] * 3
    assert (config["interpolation"], config["crop_pct"]) == ("bicubic", 1.0)
    photo = Image.fromarray(np.full((16, 16, 3), 255, np.uint8))
    assert found["transform"](photo).unique().tolist() == [2.0]
    shown = _export(run, file, "--json")
    assert json.loads(shown.output)["model"] == NAME


@pytest.mark.parametrize(
    ("name", "kwargs", "size"),
    [
        ("vit_tiny_patch16_224", {"depth": 1}, 96),  # position embeddings of 224, views of 96
        ("vit_tiny_patch16_384", {"depth": 1}, 224),
        ("resnet10t", {}, 64),  # batch norm
        ("test_vit", {"drop_path_rate": 0.1}, 160),
    ],
)
def test_models_of_all_sizes_come_back(name, kwargs, size, tmp_path):
    file = tmp_path / "x.safetensors"
    weights = make_checkpoint(tmp_path / "run", name=name, kwargs=kwargs, image_size=size)
    found = {}
    exec(_export(tmp_path / "run", file).output.split("\n\n", 1)[1], found)
    assert found["model"].state_dict().keys() == weights.keys()
    assert all(torch.equal(found["model"].state_dict()[k], weights[k]) for k in weights)
    assert tuple(found["data_config"]["input_size"]) == (3, size, size)
    assert found["data_config"]["crop_pct"] == pytest.approx(0.875, abs=0.005)
    with torch.no_grad():
        assert found["model"].eval()(torch.randn(1, 3, size, size)).isfinite().all()


def test_where_the_first_weights_came_from_does_not_matter(tmp_path):
    """Nothing is fetched, and no keyword is given twice."""
    first = {"pretrained": True, "checkpoint_path": str(tmp_path / "gone.safetensors")}
    make_checkpoint(tmp_path / "run", extra=first)
    result = _export(tmp_path / "run", tmp_path / "x.safetensors")
    assert result.exit_code == 0, result.output
    exec(result.output.split("\n\n", 1)[1], {})


@pytest.mark.parametrize("name", ["x.pt", "x", "x.safetensors.pth"])
def test_a_name_that_timm_would_not_read_is_refused(run, tmp_path, name):
    result = _export(run, tmp_path / name)
    assert result.exit_code == 1
    assert f"{name}: timm knows the format by the name; wanted one in .safetensors" in result.output
    assert not (tmp_path / name).exists()
