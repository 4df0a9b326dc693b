"""Hamming search against the obvious comparison of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.code_sets import (
    all_distances,
    assert_pairs,
    clustered,
    code_sets,
    flip,
    random_codes,
)

import fastpass as fp

WAYS = [
    (backend, instruction_set)
    for backend in ("brute", "multi_index")
    for instruction_set in fp.HammingIndex.instruction_sets()
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way))
@pytest.mark.parametrize("num_bytes", [8, 16, 32])
@pytest.mark.parametrize("threads", [1, 3])
def test_pairs_are_all_pairs(num_bytes: int, way: tuple[str, str], threads: int) -> None:
    found = 0
    for codes in code_sets(num_bytes).values():
        for radius in (0, 1, 15, 16, 31, 33, 8 * num_bytes):
            is_wide = radius // (num_bytes // 2) > 3
            if is_wide and way[0] == "multi_index":
                continue  # nearly every value of a slot is a neighbor of every other
            found += assert_pairs(
                codes, radius, backend=way[0], instruction_set=way[1], threads=threads
            )
    assert found > 1000


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way))
def test_sizes_that_fill_no_vector(way: tuple[str, str]) -> None:
    rng = np.random.default_rng(3)
    for number in range(1, 40):
        codes = flip(rng, np.repeat(random_codes(rng, 1, 32), number, axis=0), 30)
        assert_pairs(codes, 31, backend=way[0], instruction_set=way[1])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    number=st.integers(0, 120),
    num_bytes=st.sampled_from([8, 24, 32]),
    most=st.integers(0, 60),
    radius=st.integers(0, 40),
)
def test_any_codes(seed: int, number: int, num_bytes: int, most: int, radius: int) -> None:
    codes = clustered(np.random.default_rng(seed), number, num_bytes, most)
    for backend in ("auto", "brute", "multi_index"):
        if backend != "multi_index" or radius // (num_bytes // 2) <= 3:
            assert_pairs(codes, radius, backend=backend)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way))
def test_matches_between_two_sets(way: tuple[str, str]) -> None:
    rng = np.random.default_rng(5)
    codes = clustered(rng, 700, 32, 20)
    queries = np.concatenate([flip(rng, codes[::7], 35), random_codes(rng, 13, 32)])
    for radius in (0, 10, 31, 47):
        distances = all_distances(queries, codes)
        first, second = np.nonzero(distances <= radius)
        index = fp.HammingIndex(codes, backend=way[0], instruction_set=way[1])  # type: ignore[arg-type]
        got = index.query(queries, radius)
        assert np.array_equal(got.first, first)
        assert np.array_equal(got.second, second)
        assert np.array_equal(got.distance, distances[first, second])


def test_a_hot_slot_is_divided_by_another_one() -> None:
    """So many codes with one value that comparing all of them would be too much."""
    rng = np.random.default_rng(8)
    codes = random_codes(rng, 13_000, 32)
    codes[:, 4:6] = 7
    planted = flip(rng, codes[:50], 25)
    codes = np.concatenate([codes, planted])
    ways = [
        fp.HammingIndex(codes, backend=backend).pairs(31)  # type: ignore[arg-type]
        for backend in ("brute", "multi_index")
    ]
    assert len(ways[0]) >= 50
    for a, b in zip(*ways, strict=True):
        assert np.array_equal(a, b)


def test_refusals() -> None:
    codes = np.zeros((3, 32), dtype=np.uint8)
    for bad, message in (
        (codes.astype(np.int64), "int64"),
        (codes[0], r"\[32\]"),
        (codes[:, :12], "12 bytes, wanted a multiple of 8"),
        (codes[:, :0], "0 bytes"),
    ):
        with pytest.raises(fp.BadArgument, match=message):
            fp.HammingIndex(bad)
    index = fp.HammingIndex(codes)
    for radius in (-1, 257, 1.5):
        with pytest.raises(fp.BadArgument, match="radius"):
            index.pairs(radius)  # type: ignore[arg-type]
    with pytest.raises(fp.BadArgument, match="64 bits, those of the index 256"):
        index.query(codes[:, :8], 3)
    with pytest.raises(fp.BadArgument, match="backend"):
        fp.HammingIndex(codes, backend="magic")  # type: ignore[arg-type]
    with pytest.raises(fp.BadArgument, match="instruction_set"):
        fp.HammingIndex(codes, instruction_set="magic")
    with pytest.raises(fp.OutOfMemory, match="3 pairs within the radius"):
        index.pairs(0, max_pairs=2)


def test_views_of_other_memory() -> None:
    rng = np.random.default_rng(9)
    wide = random_codes(rng, 200, 40)
    assert_pairs(wide[::2, 3:35], 120)
