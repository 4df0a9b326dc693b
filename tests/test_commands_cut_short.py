"""A full disk and Ctrl-C at any point of every command that writes: no half-written file."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.interrupted import interrupted
from support.writing_commands import (
    Words,
    bench_words,
    export_words,
    filter_words,
    knn_words,
    make_inputs,
    pack_words,
    preview_words,
    report_words,
    synth_words,
)

COMMANDS = [
    bench_words,
    export_words,
    filter_words,
    knn_words,
    pack_words,
    preview_words,
    report_words,
    synth_words,
]
# Until a command is done, about: of those that import torch longer.
SECONDS = {bench_words: 8.0, knn_words: 8.0, export_words: 8.0}
TRAIN = Path(__file__).parents[1] / "train.py"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    make_inputs(folder / "in")
    return folder


def _start(words: Words, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fastpass", *map(str, words)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options,  # type: ignore[call-overload]
    )  # fmt: skip


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_a_named_error_and_leaves_nothing(
    command: Callable[..., Words], place: Path, tmp_path: Path
) -> None:
    """No file may be longer than 200 bytes."""
    (tmp_path / "in").symlink_to(place / "in")
    # Python itself would write its compiled modules half, and read them the next time.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    process = _start(command(tmp_path), preexec_fn=_limit, env=environment)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].startswith("fastpass: WriteFailed: "), errors
    assert set(os.listdir(tmp_path)) <= {"in", "out"}
    assert not (tmp_path / "out").exists() or os.listdir(tmp_path / "out") == []


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_at_any_time(command: Callable[..., Words], place: Path, tmp_path: Path) -> None:
    (tmp_path / "in").symlink_to(place / "in")
    moments = random.Random(command.__name__)
    for _ in range(6):
        seconds = moments.uniform(0, SECONDS.get(command, 1.5)) * moments.random()
        result = interrupted(["-m", "fastpass", *command(tmp_path)], seconds)
        names = os.listdir(tmp_path / "out") if (tmp_path / "out").exists() else []
        assert not [name for name in [*names, *os.listdir(tmp_path)] if ".partial" in name]
        if result.returncode == 130:
            assert result.stderr == "fastpass: interrupted; nothing half-written is left\n"
        else:  # it was done, or the one before was
            assert result.returncode == 0 or "WouldOverwrite" in result.stderr, result.stderr
            break


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.3, 1.0, 2.0, 3.5])
def test_ctrl_c_while_training_begins(place: Path, tmp_path: Path, seconds: float) -> None:
    config = TRAIN.with_name("configs") / "dino_demo.toml"
    words = [TRAIN, "--config", config, "--data", place / "in" / "photos"]
    result = interrupted([*words, "--output", tmp_path / "run", "train.epochs=1"], seconds)
    if "with a checkpoint" in result.stderr or result.returncode == 0:
        return  # the steps have begun: see the tests of training
    assert result.returncode == 130, result.stderr
    lines = result.stderr.splitlines()
    assert lines[-1].startswith("train.py: interrupted; --resume goes on")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "run" / "checkpoints").exists()
