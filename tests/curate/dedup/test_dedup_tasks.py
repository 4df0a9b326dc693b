"""The same result, at once or by tasks, whoever runs them."""

from __future__ import annotations

import importlib.util
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.dedup_photos import contents

from fastpass.curate.dedup import DedupOptions, dedup
from fastpass.curate.dedup.task_runners import LocalRunner


def test_many_images_by_tasks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs as tasks gives what is done at once."""
    options = {"against": str(folder), "options": DedupOptions(dihedral=True)}
    dedup(str(folder), tmp_path / "at once", **options)  # type: ignore[arg-type]
    monkeypatch.setattr("fastpass.curate.dedup.run.SAMPLES_PER_TASK", 5)
    monkeypatch.setattr("fastpass.curate.dedup.matching._FEW_CODES", 2)
    monkeypatch.setattr("fastpass.curate.dedup.matching._QUERIES_PER_TASK", 7)
    dedup(str(folder), tmp_path / "tasks", **options)  # type: ignore[arg-type]
    assert len(list((tmp_path / "tasks" / "work").glob("*.parquet"))) > 40
    assert contents(tmp_path / "at once") == contents(tmp_path / "tasks")


def _backends() -> list[Any]:
    has_ray = importlib.util.find_spec("ray") is not None
    needs_ray = pytest.mark.skipif(not has_ray, reason="the package ray is not installed")
    return ["local", pytest.param("ray", marks=needs_ray)]


@pytest.mark.parametrize("backend", _backends())
def test_backends_give_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: Any
) -> None:
    dedup(str(folder), tmp_path / "one")
    monkeypatch.setattr("fastpass.curate.dedup.run.SAMPLES_PER_TASK", 9)
    dedup(str(folder), tmp_path / "many", options=DedupOptions(threads=2, backend=backend))
    assert len(list((tmp_path / "many" / "work").glob("hashes-*.parquet"))) == 4
    assert contents(tmp_path / "one") == contents(tmp_path / "many")


def test_no_worker_outlives_an_interrupt_of_the_progress() -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        LocalRunner(2).run(time.sleep, [(0,), (100,)], interrupt)
    assert multiprocessing.active_children() == []
    assert time.monotonic() - begin < 60


def test_no_worker_outlives_an_interrupt_of_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is still starting when the others have done all tasks."""
    shutdown = ProcessPoolExecutor.shutdown
    interrupts = iter([KeyboardInterrupt()])

    def interrupted(self: ProcessPoolExecutor, *arguments: Any, **options: Any) -> None:
        for interrupt in interrupts:
            raise interrupt
        shutdown(self, *arguments, **options)

    monkeypatch.setattr(ProcessPoolExecutor, "shutdown", interrupted)
    with pytest.raises(KeyboardInterrupt):
        LocalRunner(2).run(time.sleep, [(0,), (0,)], lambda done: None)
    assert multiprocessing.active_children() == []
