"""The command line as a whole: verbs, exit codes, one-line errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.pictures import image_folder, jpeg

VERBS = [
    "synth", "pack", "index", "preview", "bench", "evaluate", "export", "report", "backends",
]  # fmt: skip


def _fastpass(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fastpass.cli", *map(str, arguments)], capture_output=True, text=True
    )


def test_help_lists_every_verb() -> None:
    result = _fastpass("--help")
    assert result.returncode == 0
    assert all(verb in result.stdout for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    result = _fastpass(verb, "--help")
    assert result.returncode == 0
    assert "Usage:" in result.stdout


@pytest.mark.parametrize("arguments", [["nothing"], ["index"], ["pack", "--wrong"], ["synth"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert _fastpass(*arguments).returncode == 2


def test_failures_are_exit_code_1_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments in (
        ["index", tmp_path / "absent.tar"],
        ["pack", tmp_path / "empty", "-o", tmp_path / "out"],
        ["evaluate", "knn", "--checkpoint", tmp_path, "--train", tmp_path, "--val", tmp_path],
        ["export", "--checkpoint", tmp_path, "--to", "timm", "-o", tmp_path / "x.safetensors"],
    ):
        result = _fastpass(*arguments)
        assert result.returncode == 1, (arguments, result)
        assert "Traceback" not in result.stderr
        assert len(result.stderr.strip().splitlines()) <= 2, result.stderr


def test_backends_for_machines() -> None:
    found = json.loads(_fastpass("backends", "--json").stdout)
    turbo = next(backend for backend in found if backend["name"] == "turbo")
    assert turbo["available"]
    assert turbo["reason"].startswith("libjpeg-turbo ")
    cuda = next(b for b in found if (b["stage"], b["name"]) == ("augment", "cuda"))
    assert cuda["available"] or "nvcc" in cuda["reason"] or "no GPU" in cuda["reason"]


def test_pack_index_preview_from_end_to_end(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "pictures")
    packed = _fastpass("pack", root, "-o", tmp_path / "packed", "--json")
    assert packed.returncode == 0, packed.stderr
    tars = sorted((tmp_path / "packed").glob("*.tar"))
    assert tars
    assert _fastpass("index", *tars).returncode == 0
    (tmp_path / "one.jpg").write_bytes(jpeg(5, 200, 300))
    grid = tmp_path / "grid.png"
    result = _fastpass("preview", tmp_path / "one.jpg", "--recipe", "dino", "-o", grid)
    assert result.returncode == 0, result.stderr
    assert grid.read_bytes().startswith(b"\x89PNG")
