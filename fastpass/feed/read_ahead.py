"""What the storage should have ready before the samples are read."""

from __future__ import annotations

import numpy as np

from fastpass.feed.order import EpochOrder
from fastpass.feed.permutation import Positions
from fastpass.feed.quasi_random import WINDOW_SAMPLES

PositionRange = tuple[int, int]  # [first, last) in the source


def coalesce(positions: Positions) -> list[PositionRange]:
    """Ascending ranges [first, last) that hold exactly these positions; neighbors share one."""
    ordered = np.unique(positions)
    if len(ordered) == 0:
        return []
    ends = np.flatnonzero(np.diff(ordered) > 1)
    firsts = ordered[np.concatenate([[0], ends + 1])]
    lasts = ordered[np.concatenate([ends, [len(ordered) - 1]])] + 1
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


class ReadAhead:
    """The ranges of positions to ask the storage for when a batch is submitted.

    In random order that is the batch itself, in ascending order. In quasi-random order batches
    are grouped, a window's worth of samples per group; while one group is submitted, what this
    rank needs of the next is asked for bit by bit in ascending order. A rank alone thus reads
    whole runs, one after the other; of several ranks each reads no byte that it does not need.
    """

    def __init__(self, order: EpochOrder, *, epoch: int, start: int) -> None:
        self._order, self._epoch, self._start = order, epoch, start
        self._num_batches = order.num_batches(start)
        is_quasi_random = order.shuffle and order.order == "quasi_random"
        self._group = max(1, WINDOW_SAMPLES // order.global_batch) if is_quasi_random else 0
        self._coming: list[PositionRange] = []

    def ranges(self, index: int, positions: Positions) -> list[PositionRange]:
        """What to ask for with batch ``index``; call it for every batch in turn, from 0 on."""
        if self._group == 0:
            return coalesce(positions)
        group, step = divmod(index, self._group)
        if step == 0:
            self._coming = self._ranges_of_group(group + 1)
        now = self._ranges_of_group(0) if index == 0 else []
        share = slice(
            len(self._coming) * step // self._group,
            len(self._coming) * (step + 1) // self._group,
        )
        return now + self._coming[share]

    def _ranges_of_group(self, group: int) -> list[PositionRange]:
        batches = range(group * self._group, min((group + 1) * self._group, self._num_batches))
        if not batches:
            return []
        return coalesce(
            np.concatenate(
                [self._order.batch(i, epoch=self._epoch, start=self._start) for i in batches]
            )
        )
