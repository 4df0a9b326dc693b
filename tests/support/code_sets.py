"""Sets of binary codes that are hard for a search, and the obvious comparison of all pairs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import fastpass as fp

Codes = npt.NDArray[np.uint8]


def all_distances(a: Codes, b: Codes) -> npt.NDArray[np.int64]:
    bits_a, bits_b = np.unpackbits(a, axis=1), np.unpackbits(b, axis=1)
    return (bits_a[:, None] != bits_b[None]).sum(-1)


def assert_pairs(codes: Codes, radius: int, **options: object) -> int:
    distances = all_distances(codes, codes)
    first, second = np.nonzero(np.triu(distances <= radius, 1))
    got = fp.HammingIndex(codes, **options).pairs(radius)  # type: ignore[arg-type]
    assert np.array_equal(got.first, first)
    assert np.array_equal(got.second, second)
    assert np.array_equal(got.distance, distances[first, second])
    return len(first)


def random_codes(rng: np.random.Generator, number: int, num_bytes: int) -> Codes:
    return rng.integers(0, 256, (number, num_bytes), dtype=np.uint8)


def flip(rng: np.random.Generator, codes: Codes, most: int) -> Codes:
    """Up to ``most`` random bits of every code."""
    flipped = np.unpackbits(codes, axis=1)
    for row in flipped:
        places = rng.choice(len(row), rng.integers(0, most + 1), replace=False)
        row[places] ^= 1
    return np.packbits(flipped, axis=1)


def clustered(rng: np.random.Generator, number: int, num_bytes: int, most: int) -> Codes:
    centers = random_codes(rng, max(1, number // 8), num_bytes)
    return flip(rng, centers[rng.integers(0, len(centers), number)], most)


def code_sets(num_bytes: int) -> dict[str, Codes]:
    rng = np.random.default_rng(7)
    one = random_codes(rng, 1, num_bytes)
    hot = random_codes(rng, 400, num_bytes)
    hot[:, 2:4] = 0x5A  # one slot the same in all of them
    near_hot = hot.copy()
    near_hot[::2, 2] ^= 1
    return {
        "random": random_codes(rng, 500, num_bytes),
        "clustered": clustered(rng, 500, num_bytes, 40),
        "tight": clustered(rng, 500, num_bytes, 3),
        "equal": np.repeat(one, 120, axis=0),
        "one bit apart": flip(rng, np.repeat(one, 200, axis=0), 1),
        "one hot slot": hot,
        "two hot values": near_hot,
        "empty and full": np.repeat(np.array([[0], [255]], dtype=np.uint8), num_bytes, axis=1),
        "none": np.empty((0, num_bytes), dtype=np.uint8),
        "one": one,
    }
