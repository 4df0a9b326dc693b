"""What a loader counts while it is used."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fastpass.feed.backend import MadeBatch, WorkDone
from fastpass.feed.stats import LoaderStats

_log = logging.getLogger("fastpass")


class Tally:
    """Batches, images and seconds since the loader was made, and every damaged sample by name."""

    def __init__(self) -> None:
        self._skipped: dict[int, str] = {}
        self._num_images = self._num_batches = self._num_skipped = 0
        self._seconds = self._wait_seconds = 0.0

    @property
    def skipped(self) -> dict[int, str]:
        """Sample id -> reason, each sample once."""
        return dict(self._skipped)

    def wait(self, batches: Iterator[MadeBatch]) -> MadeBatch:
        """The next batch, timed and counted; what it lacks is logged the first time."""
        asked = time.perf_counter()
        made = next(batches)
        waited = time.perf_counter() - asked
        self._seconds += waited
        self._wait_seconds += waited
        self._num_batches += 1
        self._num_images += made.num_images
        self._num_skipped += len(made.skipped)
        for sample_id, reason in made.skipped:
            if sample_id not in self._skipped:
                _log.warning("skipped sample %d: %s", sample_id, reason)
                self._skipped[sample_id] = f"{type(reason).__name__}: {reason}"
        return made

    @contextmanager
    def consumer(self) -> Iterator[None]:
        """Times what the consumer does with a batch."""
        handed_out = time.perf_counter()
        yield
        self._seconds += time.perf_counter() - handed_out

    def stats(self, work: WorkDone) -> LoaderStats:
        return LoaderStats(
            num_images=self._num_images,
            num_batches=self._num_batches,
            num_skipped=self._num_skipped,
            seconds=self._seconds,
            wait_seconds=self._wait_seconds,
            read_seconds=work.read_seconds,
            decode_seconds=work.decode_seconds,
            augment_seconds=work.augment_seconds,
            num_slots=work.num_slots,
            num_rendered=work.num_images,
        )
