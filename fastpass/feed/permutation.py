"""A keyed permutation, evaluated position by position: nothing is as long as the epoch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastpass.feed.keys import draw_words

Positions = npt.NDArray[np.int64]

_NUM_ROUNDS = 8
_UINT32 = np.uint64(0xFFFFFFFF)


def _mix(value: npt.NDArray[np.uint64], key: np.uint64) -> npt.NDArray[np.uint64]:
    """A 32-bit finalizer (murmur3's) of ``value ^ key``; every output bit depends on all input."""
    mixed = (value ^ key) & _UINT32
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = ((mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)) & _UINT32
    return mixed ^ (mixed >> np.uint64(16))


def distinct(values: Positions) -> Positions:
    """The values in ascending order, each once.

    Not ``np.unique``: its first call imports ``numpy.ma``.
    """
    ordered = np.sort(values)
    is_new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return ordered[is_new]


def permute(
    positions: Positions, size: int, *, seed: int, epoch: int, domain: tuple[int, ...] = ()
) -> Positions:
    """Map positions in [0, size) to positions in [0, size), one to one.

    A balanced Feistel network over the next power of four, walked along its cycle until the value
    falls below ``size`` (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002): every
    position costs a few rounds, whatever the size of the epoch. ``domain`` tells the permutations
    of one epoch apart; numbers above zero.
    """
    half_bits = np.uint64(max(1, (max(size - 1, 1).bit_length() + 1) // 2))
    half_mask = (np.uint64(1) << half_bits) - np.uint64(1)
    keys = [np.uint64(word) for word in draw_words(seed, epoch, domain, _NUM_ROUNDS)]
    values = positions.astype(np.uint64)
    pending = np.ones(len(values), dtype=bool)
    while pending.any():
        left, right = values[pending] >> half_bits, values[pending] & half_mask
        for key in keys:
            left, right = right, left ^ (_mix(right, key) & half_mask)
        values[pending] = (left << half_bits) | right
        pending = values >= np.uint64(size)
    return values.astype(np.int64)
