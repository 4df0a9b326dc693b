"""A loader and other processes: python -m support.loader_processes CASE FOLDER HOW [BACKEND].

Ends with exit code 0 and without a word where all is well. HOW: "active" begins an iteration
before the other process starts, "idle" does not.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator

import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

import fastpass as fp

RECIPE = fp.recipes.rrc(size=16)
NUM_BATCHES = 6


def ids(batches: Iterator[fp.Batch]) -> list[list[int]]:
    return [batch.sample_ids.tolist() for batch in batches]


def is_refused(loader: fp.Loader) -> bool:
    """In a forked process: batches are, and what needs no thread is not."""
    with pytest.raises(fp.Closed, match="a fork of it without its threads"):
        next(iter(loader))
    assert len(loader) == NUM_BATCHES
    loader.set_epoch(3)
    loader.state_dict()
    loader.stats()
    return True


def in_fork(loader: fp.Loader, running: Iterator[fp.Batch], held: list[fp.Batch]) -> None:
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        return
    assert is_refused(loader)
    with contextlib.suppress(fp.Closed, StopIteration):
        next(running)
        raise AssertionError("the iteration goes on in the fork")
    assert all(view.isfinite().all() for batch in held for view in batch.views)
    held.clear()
    del running
    gc.collect()
    with loader:  # closes it
        pass
    sys.exit()  # as a process ends, with all that it does then


def in_fork_that_forgets(
    loader: fp.Loader, running: Iterator[fp.Batch], held: list[fp.Batch]
) -> None:
    del loader, running, held
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        return
    gc.collect()
    sys.exit()


LOADER: fp.Loader | None = None


def _answer(_: int) -> bool:
    assert LOADER is not None
    return is_refused(LOADER)


def in_pool(loader: fp.Loader, running: Iterator[fp.Batch], held: list[fp.Batch]) -> None:
    global LOADER
    LOADER = loader
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_answer, range(4)) == [True] * 4
    pool.join()


class Squares(Dataset):  # type: ignore[type-arg]
    """Does not use the loader that its process inherits."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> int:
        return index**2


class Batches(IterableDataset):  # type: ignore[type-arg]
    def __init__(self, loader: fp.Loader) -> None:
        self.loader = loader

    def __iter__(self) -> Iterator[torch.Tensor]:
        return (batch.sample_ids for batch in self.loader)


def in_workers(loader: fp.Loader, running: Iterator[fp.Batch], held: list[fp.Batch]) -> None:
    for _ in range(2):
        workers = DataLoader(Squares(), num_workers=2, multiprocessing_context="fork")
        assert [int(square) for square in workers] == [n**2 for n in range(8)]
    forked = DataLoader(Batches(loader), None, num_workers=1, multiprocessing_context="fork")
    with pytest.raises(fp.Closed, match="a fork of it without its threads"):
        list(forked)


def in_spawned_workers(
    loader: fp.Loader, running: Iterator[fp.Batch], held: list[fp.Batch]
) -> None:
    spawned = DataLoader(Batches(loader), None, num_workers=1, multiprocessing_context="spawn")
    got = [batch.tolist() for batch in spawned]
    assert got == rest_of(loader)


def rest_of(loader: fp.Loader) -> list[list[int]]:
    """What a copy of it should hand out."""
    with fp.Loader(loader.pack.paths[0], RECIPE, batch_size=4, threads=1) as other:
        other.load_state_dict(loader.state_dict())
        return ids(iter(other))


def _send(loader: fp.Loader, to: multiprocessing.SimpleQueue[list[list[int]]]) -> None:
    to.put(ids(iter(loader)))


def _in_context(method: str) -> Callable[..., None]:
    def in_new_process(
        loader: fp.Loader, running: Iterator[fp.Batch], held: list[fp.Batch]
    ) -> None:
        context = multiprocessing.get_context(method)
        answers = context.SimpleQueue()
        process = context.Process(target=_send, args=(loader, answers))
        process.start()
        got = answers.get()
        process.join()
        assert process.exitcode == 0
        assert got == rest_of(loader)

    return in_new_process


def _open_another(folder: str, backend: str, to: multiprocessing.SimpleQueue[object]) -> None:
    with fp.Loader(folder, RECIPE, batch_size=4, threads=2, backend=backend) as loader:
        to.put(ids(iter(loader)))


def in_fork_that_opens_its_own(
    loader: fp.Loader, running: Iterator[fp.Batch], held: list[fp.Batch]
) -> None:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    own = (str(loader.pack.paths[0]), loader.options.backend, answers)
    process = context.Process(target=_open_another, args=own)
    process.start()
    process.join(60)
    assert process.exitcode == 0
    with fp.Loader(loader.pack.paths[0], RECIPE, batch_size=4, threads=1) as other:
        assert answers.get() == ids(iter(other))


CASES: dict[str, Callable[..., None]] = {
    "fork": in_fork,
    "fork_that_forgets": in_fork_that_forgets,
    "fork_that_opens_its_own": in_fork_that_opens_its_own,
    "pool": in_pool,
    "workers": in_workers,
    "spawned_workers": in_spawned_workers,
    "spawn": _in_context("spawn"),
    "forkserver": _in_context("forkserver"),
}


def main(case: str, folder: str, how: str, backend: str = "native") -> None:
    # Python 3.12 and newer say of every fork beside threads what these cases are about.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    with fp.Loader(folder, RECIPE, batch_size=4, threads=3, backend=backend) as loader:
        expected = ids(iter(loader))
        loader.set_epoch(0)
        running = iter(loader)
        held = [next(running), next(running)] if how == "active" else []
        CASES[case](loader, running, held)
        first = [batch.sample_ids.tolist() for batch in held]
        assert first + ids(running) == expected  # nothing has happened here


if __name__ == "__main__":
    main(*sys.argv[1:])
