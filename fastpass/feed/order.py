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
    samples at the same step. ``order``, with ``shuffle`` only: "random" is a keyed permutation of
    all samples; "quasi_random" reads few places of the storage at a time and needs
    ``shard_begins``: the position of each shard's first sample, then ``size``.
    """

    size: int
    batch_size: int
    rank: int
    world_size: int
    seed: int
    shuffle: bool
    drop_last: bool
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

    def num_batches(self, start: int = 0) -> int:
        """Batches left for every rank when ``start`` samples of the epoch are done."""
        left = max(0, self.size - start)
        return left // self.global_batch if self.drop_last else -(-left // self.global_batch)

    def places(self, index: int, *, start: int = 0) -> Positions:
        """Places in the epoch of this rank's batch ``index``, counted from sample ``start``.

        Without ``drop_last`` the last global batch is shared out evenly; where it does not divide,
        the epoch's first samples fill it up, so that every rank gets the same number.
        """
        first = start + index * self.global_batch
        count = min(self.global_batch, self.size - first)
        per_rank = -(-count // self.world_size)
        places = first + self.rank * per_rank + np.arange(per_rank, dtype=np.int64)
        return places % self.size

    def batch(self, index: int, *, epoch: int, start: int = 0) -> Positions:
        """Source positions of this rank's batch ``index``, counted from sample ``start``."""
        places = self.places(index, start=start)
        if not self.shuffle:
            return places
        if self.quasi_random is not None:
            return self.quasi_random.positions(places, epoch=epoch)
        return permute(places, self.size, seed=self.seed, epoch=epoch)
