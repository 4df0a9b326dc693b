"""fastpass.Loader on indexed tars, through the public face."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch  # noqa: F401  # the loader hands out its tensors: without torch, left out by name

from fastpass.bench.peers.feed_peer import FeedJob
from fastpass.bench.peers.photos import write_beton_of
from fastpass.feed import Loader


class FastpassLoader:
    """One mode and backend of our loader; ``reads`` names how it reads where it can choose."""

    def __init__(
        self, job: FeedJob, mode: str, reads: str | None = None, backend: str = "native"
    ) -> None:
        ours = "fastpass" if backend == "native" else f"fastpass {backend}"
        self.name = f"{ours} {mode}" + (f" {reads}" if reads else "")
        source = ".beton" if backend == "ffcv" else "indexed tar"
        self.how = f"fastpass.Loader, mode {mode!r}, {source}, decode once"
        self._job = job
        self._options: dict[str, Any] = {"mode": mode} | ({"reads": reads} if reads else {})
        self._beton = job.scratch / "originals.beton" if backend == "ffcv" else None
        if self._beton is not None:
            write_beton_of(job.photos, self._beton)
        if backend != "native":
            self.how += f", backend {backend!r}"
            self._options["backend"] = backend

    def batches(self) -> Iterator[Sequence[Any]]:
        job = self._job
        loader = Loader(
            self.paths(), job.recipe, batch_size=job.batch_size, threads=job.threads,
            seed=job.seed, rank=0, world_size=1, **self._options,
        )  # fmt: skip
        with loader:
            for epoch in itertools.count():
                loader.set_epoch(epoch)
                for batch in loader:
                    yield batch.views

    def paths(self) -> Sequence[Path]:
        return self._job.photos.shards if self._beton is None else [self._beton]


def make_peers(job: FeedJob) -> list[FastpassLoader]:
    """Every backend and mode asked for, times every way of reading where there are several."""
    can_choose = "reads" in inspect.signature(Loader.__init__).parameters
    ways: tuple[str | None, ...] = job.reads if job.reads and can_choose else (None,)
    return [
        FastpassLoader(job, mode, reads, backend)
        for backend in job.backends
        for mode in job.modes
        for reads in ways
    ]
