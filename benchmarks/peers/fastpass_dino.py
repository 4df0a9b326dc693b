"""fastpass.Loader on the same folder, through the public face."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import fastpass
from benchmarks.peers.feed_peer import FeedJob


class FastpassDino:
    name = "fastpass"
    how = "fastpass.Loader, decode once"

    def __init__(self, job: FeedJob) -> None:
        if not hasattr(fastpass, "Loader"):
            raise ImportError("fastpass.Loader is not built", name="fastpass.Loader")
        self._job = job

    def batches(self) -> Iterator[Any]:
        job = self._job
        loader = fastpass.Loader(
            fastpass.Pack(str(job.folder)), fastpass.recipes.dino(), batch_size=job.batch_size,
            threads=job.threads, seed=job.seed,
        )  # fmt: skip
        try:
            for epoch in itertools.count():
                loader.set_epoch(epoch)
                for batch in loader:
                    yield batch.views
        finally:
            loader.close()
