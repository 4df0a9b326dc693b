"""Which sample comes when: one global order per epoch, sharded over ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fastpass.errors import BadArgument
from fastpass.feed.permutation import Positions, permute
from fastpass.feed.quasi_random import QuasiRandom


@dataclass(frozen=True, slots=True)
class EpochOrder:
    """The samples of one rank in one epoch, batch by batch.

    The epoch is one global order, cut into global batches of ``batch_size * world_size``; rank r
    takes the r-th part of each. With the same global batch, any number of ranks sees the same
    samples at the same step.

    Args:
        drop_last: leave out the last global batch where it is not full. Otherwise the ranks share
            it as evenly as can be: some get a sample less, or no batch at all. Every sample comes
            exactly once.
        pad_last: with ``drop_last=False``, fill the last global batch up with the epoch's first
            samples, so that every rank gets the same number of samples and of batches.
        order: with ``shuffle`` only. "random": a keyed permutation of all samples. "quasi_random":
            reads few places of the storage at a time and needs ``shard_begins``.
        shard_begins: the position of each shard's first sample, then ``size``.
    """

    size: int
    batch_size: int
    rank: int
    world_size: int
    seed: int
    shuffle: bool
    drop_last: bool
    pad_last: bool = False
    order: str = "random"
    shard_begins: Sequence[int] = ()
    quasi_random: QuasiRandom | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        begins = list(self.shard_begins)
        is_quasi_random = self.shuffle and self.order == "quasi_random"
        if is_quasi_random and (begins[:1] != [0] or begins[-1] != self.size):
            raise BadArgument(f"shard_begins = {begins}, wanted 0, ..., {self.size}")
        made = QuasiRandom(begins, self.seed) if is_quasi_random else None
        object.__setattr__(self, "quasi_random", made)

    @property
    def global_batch(self) -> int:
        return self.batch_size * self.world_size

    @property
    def is_even(self) -> bool:
        """Every rank gets the same number of samples and of batches, whatever the size."""
        return self.world_size == 1 or self.drop_last or self.pad_last

    def is_over(self, start: int) -> bool:
        """No rank has anything left when ``start`` samples of the epoch are done."""
        left = self.size - start
        return left < self.global_batch if self.drop_last else left <= 0

    def num_batches(self, start: int = 0) -> int:
        """Batches left for this rank when ``start`` samples of the epoch are done."""
        num_full, rest = divmod(max(0, self.size - start), self.global_batch)
        if self.drop_last:
            return num_full
        first, last = self._share(rest)
        return num_full + (first < last)

    def places(self, index: int, *, start: int = 0) -> Positions:
        """int64 [N]: places in the epoch of this rank's batch ``index`` from sample ``start``."""
        begin = start + index * self.global_batch
        first, last = self._share(min(self.global_batch, self.size - begin))
        return (begin + np.arange(first, last, dtype=np.int64)) % self.size

    def _share(self, count: int) -> tuple[int, int]:
        """This rank's part [first, last) of a global batch of ``count`` samples."""
        if self.pad_last:
            per_rank = -(-count // self.world_size)
            return self.rank * per_rank, (self.rank + 1) * per_rank
        per_rank, more = divmod(count, self.world_size)  # the first ranks get one more
        first = self.rank * per_rank + min(self.rank, more)
        return first, first + per_rank + (self.rank < more)

    def batch(self, index: int, *, epoch: int, start: int = 0) -> Positions:
        """int64 [N]: positions in the source of this rank's batch ``index`` from ``start``."""
        places = self.places(index, start=start)
        if not self.shuffle:
            return places
        if self.quasi_random is not None:
            return self.quasi_random.positions(places, epoch=epoch)
        return permute(places, self.size, seed=self.seed, epoch=epoch)
