"""Random numbers for operations on views: each follows from the operation's key and its number.

The functions run as they stand, and numba compiles the same lines.
"""

from __future__ import annotations

import math

import numpy as np

from fastpass.common.user_source import leave_out_of_sources

# Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_STEP_0, _STEP_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_WORD = np.uint64(32)
_TWO = np.uint64(2)
_PER_UNIT = 2.0**-32


def random_bits(key: int, draw: int) -> int:
    """32 random bits, 0 to 2**32 - 1.

    key: what an operation was called with. draw: which number of this key, 0 to 2**62. The same
    two give the same bits everywhere.
    """
    whole = np.uint64(key)
    block = np.uint64(draw) >> _TWO
    c0, c1 = block & _LOW, block >> _WORD
    c2, c3 = np.uint64(0), np.uint64(0)
    k0, k1 = whole & _LOW, whole >> _WORD
    for _ in range(10):
        p0, p1 = _MULTIPLIER_0 * c0, _MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (p1 >> _WORD) ^ c1 ^ k0,
            p1 & _LOW,
            (p0 >> _WORD) ^ c3 ^ k1,
            p0 & _LOW,
        )
        k0, k1 = (k0 + _STEP_0) & _LOW, (k1 + _STEP_1) & _LOW
    word = draw & 3
    if word == 0:
        return int(c0)
    if word == 1:
        return int(c1)
    return int(c2) if word == 2 else int(c3)


def random_unit(key: int, draw: int) -> float:
    """Uniform on [0, 1), with 32 random bits."""
    return random_bits(key, draw) * _PER_UNIT


def random_below(key: int, draw: int, count: int) -> int:
    """Uniform on {0, ..., count - 1}; count: 1 to 2**31."""
    return (random_bits(key, draw) * count) >> 32


def random_normal(key: int, draw: int) -> float:
    """Of the standard normal distribution, by Box and Muller; takes the draws 2 n and 2 n + 1."""
    radius = math.sqrt(-2.0 * math.log((random_bits(key, 2 * draw) + 1.0) * _PER_UNIT))
    return radius * math.cos(2.0 * math.pi * random_unit(key, 2 * draw + 1))


FUNCTIONS = (random_bits, random_unit, random_below, random_normal)

leave_out_of_sources(__name__)
