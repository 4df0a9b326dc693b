"""How fast a run is, and how much of that it spends waiting for images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

BatchT = TypeVar("BatchT")


class DataClock:
    """Measures how long the loop waited for batches, and its speed, between two log lines."""

    def __init__(self, images_per_step: int, now: Callable[[], float] = time.perf_counter) -> None:
        self._images_per_step = images_per_step
        self._now = now
        self._restart()

    def timed(self, batches: Iterator[BatchT]) -> Iterator[BatchT]:
        """``batches``, with the waiting time for each added up."""
        while True:
            start = self._now()
            try:
                batch = next(batches)
            except StopIteration:
                return
            self._waited_seconds += self._now() - start
            self._num_steps += 1
            yield batch

    def read(self) -> dict[str, float]:
        """images_per_second (all ranks) and data_wait (fraction of time) since the last call."""
        seconds = max(self._now() - self._start, 1e-9)
        values = {
            "images_per_second": self._num_steps * self._images_per_step / seconds,
            "data_wait": self._waited_seconds / seconds,
        }
        self._restart()
        return values

    def _restart(self) -> None:
        self._start = self._now()
        self._waited_seconds = 0.0
        self._num_steps = 0
