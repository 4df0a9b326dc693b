"""Which sample comes when: a keyed permutation, sharded over ranks, without epoch-long arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]

_NUM_ROUNDS = 8
_UINT32 = np.uint64(0xFFFFFFFF)


def _mix(value: npt.NDArray[np.uint64], key: np.uint64) -> npt.NDArray[np.uint64]:
    """A 32-bit finalizer (murmur3's) of ``value ^ key``; every output bit depends on all input."""
    mixed = (value ^ key) & _UINT32
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = ((mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)) & _UINT32
    return mixed ^ (mixed >> np.uint64(16))


def _round_keys(seed: int, epoch: int) -> list[np.uint64]:
    """Eight independent 32-bit keys from (seed, epoch)."""
    state = np.random.SeedSequence([seed, epoch]).generate_state(_NUM_ROUNDS, dtype=np.uint32)
    return [np.uint64(word) for word in state]


def permute(positions: Positions, size: int, *, seed: int, epoch: int) -> Positions:
    """Map positions in [0, size) to positions in [0, size), one to one.

    A balanced Feistel network over the next power of four, walked along its cycle until the value
    falls below ``size`` (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002): every
    position costs a few rounds, whatever the size of the epoch.
    """
    half_bits = np.uint64(max(1, (max(size - 1, 1).bit_length() + 1) // 2))
    half_mask = (np.uint64(1) << half_bits) - np.uint64(1)
    keys = _round_keys(seed, epoch)
    values = positions.astype(np.uint64)
    pending = np.ones(len(values), dtype=bool)
    while pending.any():
        left, right = values[pending] >> half_bits, values[pending] & half_mask
        for key in keys:
            left, right = right, left ^ (_mix(right, key) & half_mask)
        values[pending] = (left << half_bits) | right
        pending = values >= np.uint64(size)
    return values.astype(np.int64)


@dataclass(frozen=True, slots=True)
class EpochOrder:
    """The samples of one rank in one epoch, batch by batch.

    The epoch is one global order, cut into global batches of ``batch_size * world_size``; rank r
    takes the r-th part of each. With the same global batch, any number of ranks sees the same
    samples at the same step.
    """

    size: int
    batch_size: int
    rank: int
    world_size: int
    seed: int
    shuffle: bool
    drop_last: bool

    @property
    def global_batch(self) -> int:
        return self.batch_size * self.world_size

    def num_batches(self, start: int = 0) -> int:
        """Batches left for every rank when ``start`` samples of the epoch are done."""
        left = max(0, self.size - start)
        return left // self.global_batch if self.drop_last else -(-left // self.global_batch)

    def batch(self, index: int, *, epoch: int, start: int = 0) -> Positions:
        """Source positions of this rank's batch ``index``, counted from sample ``start``.

        Without ``drop_last`` the last global batch is shared out evenly; where it does not divide,
        the epoch's first samples fill it up, so that every rank gets the same number.
        """
        first = start + index * self.global_batch
        count = min(self.global_batch, self.size - first)
        per_rank = -(-count // self.world_size)
        places = first + self.rank * per_rank + np.arange(per_rank, dtype=np.int64)
        places %= self.size
        if not self.shuffle:
            return places
        return permute(places, self.size, seed=self.seed, epoch=epoch)
