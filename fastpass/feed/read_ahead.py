"""What the storage should have ready before the samples are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fastpass.feed.order import EpochOrder
from fastpass.feed.permutation import Positions, distinct
from fastpass.feed.quasi_random import QuasiRandom

PositionRange = tuple[int, int]  # [first, last) in the source


def coalesce(positions: Positions) -> list[PositionRange]:
    """Ascending ranges [first, last) that hold exactly these positions; neighbors share one."""
    ordered = distinct(positions)
    if len(ordered) == 0:
        return []
    ends = np.flatnonzero(np.diff(ordered) > 1)
    firsts = ordered[np.concatenate([[0], ends + 1])]
    lasts = ordered[np.concatenate([ends, [len(ordered) - 1]])] + 1
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


class ReadAhead:
    """The ranges of positions to ask the storage for when a batch is submitted.

    In random order that is the batch itself, in ascending order. In quasi-random order it is what
    this rank needs of the next window, bit by bit in ascending order while the one before is
    submitted. A rank alone thus reads whole runs, one after the other; of several ranks each
    reads no byte that it does not need.
    """

    def __init__(self, order: EpochOrder, *, epoch: int, start: int) -> None:
        self._order, self._epoch, self._start = order, epoch, start
        self._windows = self._windows_of(order.quasi_random) if order.quasi_random else None
        self._coming = _Window(0, [])  # the window being asked for,
        self._since = 0  # since this batch on,
        self._num_asked = 0  # and how many of its ranges were

    def ranges(self, index: int, positions: Positions) -> list[PositionRange]:
        """What to ask for with batch ``index``; call it for every batch in turn, from 0 on."""
        if self._windows is None:
            return coalesce(positions)
        found: list[PositionRange] = []
        while index >= self._coming.first_batch:
            found += self._coming.ranges[self._num_asked :]
            self._since, self._num_asked = self._coming.first_batch, 0
            self._coming = next(self._windows, _Window(self._order.num_batches(self._start), []))
            if not self._coming.ranges:
                return found
        num_batches = self._coming.first_batch - self._since
        due = len(self._coming.ranges) * (index - self._since + 1) // num_batches
        found += self._coming.ranges[self._num_asked : due]
        self._num_asked = due
        return found

    def _windows_of(self, quasi_random: QuasiRandom) -> Iterator[_Window]:
        """What this rank needs of one window after the other."""
        first_batch, current = 0, -1
        parts: list[Positions] = []
        for index in range(self._order.num_batches(self._start)):
            places = self._order.places(index, start=self._start)
            positions = quasi_random.positions(places, epoch=self._epoch)
            windows = quasi_random.windows(places, epoch=self._epoch)
            for window in distinct(windows).tolist():
                if parts and window != current:
                    yield _Window(first_batch, coalesce(np.concatenate(parts)))
                    first_batch, parts = index, []
                current = window
                parts.append(positions[windows == window])
        if parts:
            yield _Window(first_batch, coalesce(np.concatenate(parts)))


@dataclass(frozen=True, slots=True)
class _Window:
    first_batch: int  # the first that draws from it
    ranges: list[PositionRange]
