"""What a long command says of how far it is: lines where there is no terminal, else a bar."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.pictures import image_folder
from support.writing_commands import bench_words, knn_words, make_inputs

from fastpass.cli import cli
from fastpass.common import progress
from fastpass.common.progress import shown_progress


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINES", 0.1)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.1)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, errors = capsys.readouterr()
    assert out == ""
    return errors.splitlines()


@pytest.mark.usefixtures("impatient")
def test_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as on_progress:
        for step in range(40):
            on_progress("painting", step, 40)
            time.sleep(0.02)
    lines = _lines(capsys)
    assert 2 <= len(lines) <= 12
    done = [int(line.removeprefix("painting: ").removesuffix(" of 40")) for line in lines]
    assert done == sorted(done)


@pytest.mark.usefixtures("impatient")
def test_a_single_long_step_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as on_progress:
        time.sleep(0.3)
        on_progress("opening", 0, 0)
        time.sleep(0.3)
        on_progress("counting", 7, 0)
        time.sleep(0.3)
    lines = _lines(capsys)
    assert sorted(set(lines), key=lines.index) == ["working", "opening", "counting: 7"]


def test_short_work_and_silent_work_say_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with shown_progress() as on_progress:
        on_progress("painting", 1, 2)
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINES", 0.05)
    with shown_progress(is_shown=False) as on_progress:
        on_progress("painting", 1, 2)
        time.sleep(0.2)
    assert _lines(capsys) == []


@pytest.mark.usefixtures("impatient")
def test_whoever_reads_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody_reads:
        monkeypatch.setattr(sys, "stderr", nobody_reads)
        with shown_progress() as on_progress:
            for step in range(20):
                on_progress("painting", step, 20)
                time.sleep(0.02)
        monkeypatch.undo()
        with pytest.raises(BrokenPipeError):
            nobody_reads.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)


_PROGRAM = """
import time
from fastpass.common.progress import shown_progress
with shown_progress() as on_progress:
    for step in range(6):
        on_progress("painting", step, 5)
        time.sleep(0.2)
"""


def test_a_bar_on_a_terminal() -> None:
    terminal, its_end = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM], stderr=its_end)
    os.close(its_end)
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
    os.close(terminal)
    assert process.wait() == 0
    assert b"painting" in shown
    assert b"5/5" in shown


@pytest.mark.parametrize(
    ("words", "line"), [(bench_words, "decoding: "), (knn_words, "features of the teacher, step ")]
)
def test_commands_that_take_long(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words,  # type: ignore[no-untyped-def]
    line: str,
) -> None:
    """Their own words, in a pipe; long is what takes two milliseconds."""
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINES", 0.001)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.001)
    make_inputs(tmp_path / "in")
    if words is bench_words:
        image_folder(tmp_path / "in" / "photos" / "more", per_class=40)
    arguments = [str(word) for word in words(tmp_path)]
    if words is bench_words:
        arguments[arguments.index("--seconds") + 1] = "0.2"
    told = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert told.exit_code == 0, told.output
    assert any(part.startswith(line) for part in told.stderr.splitlines()), told.stderr
