"""The exported file is loaded by timm itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import timm
import torch
from click.testing import CliRunner
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


def test_command(run, tmp_path):
    file = tmp_path / "encoder.safetensors"
    arguments = ["--checkpoint", str(run), "--to", "timm", "-o", str(file)]
    result = CliRunner().invoke(export_command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "timm.create_model" in result.output
    shown = CliRunner().invoke(export_command, [*arguments, "--json"], catch_exceptions=False)
    assert json.loads(shown.output)["model"] == NAME
