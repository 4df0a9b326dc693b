"""A run killed at any batch resumes with exactly the batches it would have seen."""

from __future__ import annotations

import functools
import json
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from support.killed_run import train
from support.tars import image_tar
from support.view_hashes import BatchRecord

NUM_EPOCHS = 2
BATCHES_PER_EPOCH = 6
NUM_BATCHES = NUM_EPOCHS * BATCHES_PER_EPOCH


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """50 samples: six global batches of 8 and two samples left over."""
    folder = tmp_path_factory.mktemp("killed")
    return [
        str(image_tar(folder / "a.tar", range(20))),
        str(image_tar(folder / "b.tar", range(20, 50))),
    ]


def _job(source: list[str], folder: Path, world_size: int, rank: int, order: str) -> dict[str, Any]:
    options = {
        "batch_size": 8 // world_size,
        "rank": rank,
        "world_size": world_size,
        "order": order,
        "threads": 2,
        "seed": 4,
    }
    return {
        "source": source,
        "options": options,
        "num_epochs": NUM_EPOCHS,
        "state": str(folder / f"state-{rank}.json"),
        "records": str(folder / f"records-{rank}.json"),
        "die_after": None,
    }


@pytest.fixture(scope="module")
def uninterrupted(source: list[str]) -> Any:
    """(world_size, rank, order) -> the records of a run that nothing happens to."""

    @functools.cache
    def run(world_size: int, rank: int, order: str) -> list[BatchRecord]:
        with tempfile.TemporaryDirectory() as folder:
            records = train(_job(source, Path(folder), world_size, rank, order))
        assert len(records) == NUM_BATCHES
        return records

    return run


def _in_a_process(job: dict[str, Any], folder: Path) -> tuple[int, list[BatchRecord]]:
    """(exit code, records) of a run in a process of its own."""
    path = folder / "job.json"
    path.write_text(json.dumps(job))
    process = subprocess.run(
        [sys.executable, "-m", "support.killed_run", str(path)],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": f"{Path(__file__).parents[2]}:{Path(__file__).parents[1]}"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode in (0, -signal.SIGKILL), process.stderr
    records = json.loads(Path(job["records"]).read_text())
    return process.returncode, [(ids, hashes) for ids, hashes in records]


@seed(20)
@settings(max_examples=15, deadline=None, database=None)
@given(
    kills=st.lists(st.integers(1, NUM_BATCHES), min_size=1, max_size=3),
    world_size=st.sampled_from([1, 2]),
    order=st.sampled_from(["random", "quasi_random"]),
)
def test_dropped_at_any_batches(
    source: list[str], uninterrupted: Any, kills: list[int], world_size: int, order: str
) -> None:
    """Every life of the run goes on where the last one ended; all ranks stop at the same batch."""
    for rank in range(world_size):
        with tempfile.TemporaryDirectory() as folder:
            job = _job(source, Path(folder), world_size, rank, order)
            records = []
            for die_after in [*kills, None]:
                records += train(job, die_after=die_after)
        assert records == uninterrupted(world_size, rank, order)


@pytest.mark.parametrize("world_size", [1, 2])
def test_killed_by_the_system(
    source: list[str], uninterrupted: Any, world_size: int, tmp_path: Path
) -> None:
    """SIGKILL at a random batch, each rank in its own process; another process goes on."""
    kill_at = random.Random(world_size).randint(1, NUM_BATCHES - 1)
    for rank in range(world_size):
        job = _job(source, tmp_path, world_size, rank, "random")
        code, first = _in_a_process({**job, "die_after": kill_at}, tmp_path)
        assert code == -signal.SIGKILL
        assert len(first) == kill_at
        expected = uninterrupted(world_size, rank, "random")
        assert first == expected[:kill_at]
        if rank == 0:
            code, rest = _in_a_process(job, tmp_path)
            assert code == 0
        else:  # a process costs seconds of importing torch; the other rank goes on in this one
            rest = train(job)
        assert rest == expected[kill_at:]
