"""A full disk and Ctrl-C at any point: one line, the documented exit code, nothing half-written."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.dedup_photos import contents, picture, save
from support.interrupted import interrupted

WORKERS = """
import sys
import fastpass.curate.dedup.run
if __name__ == "__main__":
    fastpass.curate.dedup.run.SAMPLES_PER_TASK = 3
    from fastpass.cli import main
    main()
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("interrupted") / "photos"
    for seed in range(24):
        save(picture(seed % 20), folder / f"{seed}.jpg")
    return folder


def _command(tmp_path: Path, photos: Path, threads: int) -> list[str]:
    program = tmp_path / "program.py"
    program.write_text(WORKERS)
    words = ["dedup", photos, "-o", tmp_path / "out", "--index", tmp_path / "codes"]
    return [sys.executable, str(program), *map(str, words), "--threads", str(threads)]


def _half_written(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.name.endswith((".partial", ".tmp"))]


def _whole(tmp_path: Path, photos: Path) -> dict[str, bytes]:
    other = tmp_path / "whole"
    other.mkdir()
    subprocess.run(_command(other, photos, 1), check=True, capture_output=True)
    return {name: c for name, c in contents(other / "out").items() if name[0] != "."}


def _assert_finishes(tmp_path: Path, photos: Path) -> None:
    subprocess.run(_command(tmp_path, photos, 1), check=True, capture_output=True)
    got = {name: c for name, c in contents(tmp_path / "out").items() if name[0] != "."}
    assert got == _whole(tmp_path, photos)
    assert (tmp_path / "codes").read_bytes() == (tmp_path / "whole" / "codes").read_bytes()


def test_a_full_disk(photos: Path, tmp_path: Path) -> None:
    """Files may only grow so far: the first that would be larger cannot be written."""
    failures = 0
    for threads, limit in ((1, 0), (1, 60), (1, 700), (2, 1500), (1, 5000), (2, 9000), (1, 30_000)):

        def limited(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = subprocess.run(
            _command(tmp_path, photos, threads),
            preexec_fn=limited,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        failures += done.returncode != 0
        if done.returncode != 0:
            assert done.returncode == 1, (limit, done.stderr)
            last = done.stderr.strip().splitlines()[-1]
            assert last.startswith("fastpass: WriteFailed: cannot write "), (limit, done.stderr)
            assert "Traceback" not in done.stderr, (limit, done.stderr)
        assert _half_written(tmp_path) == [], limit
    assert failures >= 5
    _assert_finishes(tmp_path, photos)


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c(photos: Path, tmp_path: Path, threads: int) -> None:
    """To the whole process group, as a terminal sends it."""
    times = 0
    for seconds in (0.05, 0.1, 0.2, 0.4, 0.7, 1.1, 1.6):  # since it takes interrupts
        done = interrupted(_command(tmp_path, photos, threads)[1:], seconds)
        if done.returncode == 0:  # done before the interrupt came: begin anew
            shutil.rmtree(tmp_path / "out")
            (tmp_path / "codes").unlink()
            continue
        assert done.returncode == 130, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        assert "interrupted" in done.stderr
        assert _half_written(tmp_path) == []
        times += 1
    assert times > 0
    _assert_finishes(tmp_path, photos)


def test_ctrl_c_during_an_import_that_starts_workers(tmp_path: Path) -> None:
    """It is raised when the workers have begun, as elsewhere: the import is over by then."""
    (tmp_path / "heavy.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    program = tmp_path / "program.py"
    program.write_text(
        "from fastpass.common.interrupts import one_line_interrupts\n"
        "from fastpass.curate.dedup.task_runners import _ctrl_c_waits\n"
        "with one_line_interrupts('interrupted'):\n"
        "    try:\n"
        "        with _ctrl_c_waits():\n"
        "            import heavy\n"
        "            print('begun')\n"
        "    finally:\n"
        "        print('put away')\n"
    )
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
    assert done.stdout == "begun\nput away\n"
