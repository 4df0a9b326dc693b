"""A run that is killed, and one that meets another."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.dedup_photos import contents

import fastpass as fp
from fastpass.curate import CodeFile
from fastpass.curate.dedup import DedupOptions, dedup

_KILLED = """
import sys
import fastpass.curate.dedup.matching, fastpass.curate.dedup.run
fastpass.curate.dedup.run.SAMPLES_PER_TASK = 4
fastpass.curate.dedup.matching._FEW_CODES = 2
from fastpass.curate.dedup import DedupOptions, dedup
dedup(sys.argv[1], sys.argv[2], index=sys.argv[3], options=DedupOptions(threads=1))
"""


def _count_files(folder: Path) -> int:
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_kill_9_at_any_point_changes_nothing(folder: Path, tmp_path: Path) -> None:
    def start(name: str) -> subprocess.Popen[bytes]:
        arguments = [str(folder), str(tmp_path / name), str(tmp_path / f"{name}.codes")]
        return subprocess.Popen([sys.executable, "-c", _KILLED, *arguments])

    assert start("whole").wait() == 0
    work = tmp_path / "whole" / "work"
    num_files = len(list(work.iterdir()))
    # Each time a few files later, and at a random moment then.
    rng = random.Random(5)
    kills = 0
    for wanted in range(1, num_files + 1, 3):
        process = start("killed")
        while process.poll() is None and _count_files(tmp_path / "killed" / "work") < wanted:
            time.sleep(0.001)
        time.sleep(rng.uniform(0.0, 0.02))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills > 2
    assert start("killed").wait() == 0
    assert contents(tmp_path / "whole") == contents(tmp_path / "killed")
    codes = [CodeFile(tmp_path / f"{name}.codes").codes() for name in ("whole", "killed")]
    assert np.array_equal(*codes)


_KILLED_WORKERS = """
import sys
import fastpass.curate.dedup.run
from fastpass.curate.dedup import DedupOptions, dedup
if __name__ == "__main__":
    fastpass.curate.dedup.run.SAMPLES_PER_TASK = 2
    dedup(sys.argv[1], sys.argv[2], options=DedupOptions(threads=2))
"""


def _children(pid: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _until(what: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.01)
    return what()


def test_workers_end_with_a_killed_run(folder: Path, tmp_path: Path) -> None:
    program, output = tmp_path / "run.py", tmp_path / "killed"
    program.write_text(_KILLED_WORKERS)
    process = subprocess.Popen([sys.executable, str(program), str(folder), str(output)])
    assert _until(lambda: len(list(output.glob("work/hashes-*.parquet"))) > 1)
    children = _children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(children) >= 2
    assert _until(lambda: not any(map(_is_running, children)))
    half = [output / ".keep.txt.partial", output / "work" / ".hashes-000001.parquet.1.partial"]
    for path in half:
        path.write_text("half")
    theirs = output / ".notes.partial"
    theirs.write_text("somebody's")
    subprocess.run([sys.executable, str(program), str(folder), str(output)], check=True)
    assert not any(path.exists() for path in half)
    assert theirs.read_text() == "somebody's"
    theirs.unlink()
    dedup(str(folder), tmp_path / "whole")
    assert contents(output) == contents(tmp_path / "whole")


def test_two_runs_at_once_in_a_folder(folder: Path, tmp_path: Path) -> None:
    def again(what: str, done: int, total: int) -> None:
        with pytest.raises(fp.ConfigError, match="another run is at work"):
            dedup(str(folder), tmp_path)
        told.append(what)

    told: list[str] = []
    dedup(str(folder), tmp_path, on_progress=again)
    assert told


def test_an_index_that_others_changed_in_between(folder: Path, tmp_path: Path) -> None:
    index = tmp_path / "codes"

    class Killed(Exception):
        pass

    def end(what: str, done: int, total: int) -> None:
        if what == "grouping":
            raise Killed

    with pytest.raises(Killed):
        dedup(str(folder), tmp_path / "a", index=index, on_progress=end)
    CodeFile(index).append(np.zeros((100, 32), dtype=np.uint8))
    with pytest.raises(fp.ConfigError, match="changed by another run"):
        dedup(str(folder), tmp_path / "a", index=index)


def test_another_run_in_the_same_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path)
    with pytest.raises(fp.ConfigError, match="another options"):
        dedup(str(folder), tmp_path, options=DedupOptions(radius=10))
    with pytest.raises(fp.ConfigError, match="another against"):
        dedup(str(folder), tmp_path, against=str(folder))


def test_damaged_work_is_named(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path)
    part = tmp_path / "work" / "hashes-000000.parquet"
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(fp.BadPack, match="hashes-000000"):
        dedup(str(folder), tmp_path)
