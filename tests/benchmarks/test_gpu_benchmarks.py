"""The GPU benchmarks run from end to end on the twin; without a GPU they say what they need."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from support.pictures import image_folder

SMALL = {
    "gpu_decode": ["--batch-size", "5", "--repeats", "1"],
    "gpu_augment": ["--batch-size", "2", "--repeats", "1"],
    "gpu_feed": ["--num-photos", "6", "--batch-size", "2", "--seconds", "0.01"],
    "gpu_train": ["--model", "test_vit", "--batch-size", "1", "--steps", "1"],
}


@pytest.mark.parametrize("name", SMALL)
def test_runs_on_the_twin(tmp_path: Path, name: str) -> None:
    folder = image_folder(tmp_path / "root", num_classes=1, per_class=6)
    main = importlib.import_module(f"benchmarks.{name}").main
    arguments = ["--device", "twin", "--photos", str(folder), *SMALL[name]]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "fastpass" in result.output
    assert "are not recorded" in result.output


def test_says_what_each_kernel_must_move(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "root", num_classes=1, per_class=1)
    main = importlib.import_module("benchmarks.gpu_augment").main
    arguments = ["--device", "twin", "--photos", str(folder), "--batch-size", "1", "--repeats", "1"]
    lines = CliRunner().invoke(main, arguments, catch_exceptions=False).output.splitlines()
    rows = [line for line in lines if line.startswith("  RenderTiles") and "megabytes" in line]
    assert len(rows) == 2


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_says_that_it_needs_a_gpu(name: str) -> None:
    main = importlib.import_module(f"benchmarks.{name}").main
    result = CliRunner().invoke(main, [])
    assert result.exit_code != 0
    assert "needs a CUDA GPU" in result.output
