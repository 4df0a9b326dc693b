"""Every code block of README and docs runs, page by page, on small made data.

The blocks of a page run in their order, in one folder, as a reader would run them; Python blocks
share their names. A block that takes too long, or needs what a test has not, carries a mark that
says so (tests/docs/doc_pages.py); its commands are parsed all the same.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from command_lines import check_commands
from doc_pages import PAGE_NAMES, PAGES, ROOT, Block, blocks
from made_data import make_data

from fastpass.testing import gpu_twin

LIMIT_SECONDS = 120
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def folder(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the blocks of a page run: the made data, and of our tree what commands name."""
    subprocess.run(["cp", "-r", f"{data}/.", str(tmp_path)], check=True)
    for name in ("train.py", "configs", "examples", "benchmarks", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "activate").touch()
    (programs / "fastpass").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fastpass.cli "$@"\n')
    (programs / "fastpass").chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("XDG_CACHE_HOME", str(ROOT / "build" / "cache"))  # DALI's plug-in
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    if not torch.cuda.is_available():
        monkeypatch.setenv("DS_ACCELERATOR", "cpu")
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_the_blocks_of_a_page_run(page: Path, folder: Path) -> None:
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        if block.language in ("sh", "bash"):
            _run_shell(block)
        elif block.language == "python":
            _run_python(block, names)
        elif block.language == "toml":
            tomllib.loads(block.text)
        else:
            assert block.language in ("", "text", "json"), f"{block.place}: {block.language}"


def _run_shell(block: Block) -> None:
    check_commands(block)
    if block.marked("not run: ") is not None:
        return
    text = block.text.rstrip() + " " + (block.marked("run with: ") or "")
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == 0, f"{block.place}\n{result.stdout}\n{result.stderr}"


def _run_python(block: Block, names: dict[str, object]) -> None:
    program = compile("\n" * (block.line - 1) + block.text, str(block.page), "exec")
    if block.marked("not run: ") is not None:
        return
    name = block.marked("saved as: ")
    if name is not None:
        Path(name).write_text(block.text)
    needs_twin = block.mark == "run on the twin" and not torch.cuda.is_available()
    with gpu_twin() if needs_twin else contextlib.nullcontext():
        exec(program, names)
