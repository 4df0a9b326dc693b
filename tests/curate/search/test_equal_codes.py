"""Many equal codes: counted and grouped without their pairs."""

from __future__ import annotations

import resource
import time

import numpy as np
import pytest
from support.code_sets import clustered, code_sets, random_codes

import fastpass as fp
from fastpass.curate import Pairs


@pytest.mark.parametrize("num_bytes", [8, 32])
@pytest.mark.parametrize("method", ["star", "components"])
def test_groups_are_those_of_all_pairs(num_bytes: int, method: str) -> None:
    rng = np.random.default_rng(3)
    sets = code_sets(num_bytes)
    sets["mixed"] = np.concatenate([sets["tight"][:90], sets["equal"], sets["tight"][60:200]])
    sets["few values"] = random_codes(rng, 6, num_bytes)[rng.integers(0, 6, 300)]
    for codes in sets.values():
        for radius in (0, 3, 20):
            index = fp.HammingIndex(codes)
            pairs = index.pairs(radius)
            assert index.num_pairs(radius) == len(pairs)
            for ranks in (None, rng.permutation(len(codes))):
                got = index.groups(radius, method=method, ranks=ranks)  # type: ignore[arg-type]
                expected = fp.cluster(len(codes), pairs, method=method, ranks=ranks)  # type: ignore[arg-type]
                assert np.array_equal(got, expected)


def test_distinct_pairs_stand_for_all() -> None:
    rng = np.random.default_rng(4)
    codes = clustered(rng, 40, 32, 6)[rng.integers(0, 40, 400)]
    index = fp.HammingIndex(codes)
    first_of, pairs = index.distinct_pairs(12)
    assert np.array_equal(codes[first_of], codes)
    assert np.array_equal(first_of[first_of], first_of)
    assert (first_of <= np.arange(400)).all()
    whole = index.pairs(12)
    chosen = (first_of[whole.first] == whole.first) & (first_of[whole.second] == whole.second)
    for mine, theirs in zip(pairs, whole, strict=True):
        assert np.array_equal(mine, theirs[chosen])


def test_a_hundred_thousand_equal_codes() -> None:
    codes = np.repeat(random_codes(np.random.default_rng(5), 3, 32), [100_000, 5, 60_000], axis=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    index = fp.HammingIndex(codes)
    count = 100_000 * 99_999 // 2 + 10 + 60_000 * 59_999 // 2
    assert index.num_pairs(31) == count
    with pytest.raises(fp.OutOfMemory, match=rf"{count} pairs .* HammingIndex\.groups\(\)"):
        index.pairs(31, max_pairs=2**31)
    kept = index.groups(31)
    assert np.unique(kept).tolist() == [0, 100_000, 100_005]
    assert time.monotonic() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10  # KiB


def test_pairs_that_are_too_many_are_counted_and_not_kept() -> None:
    """Nearly equal codes, of which every two are a pair."""
    rng = np.random.default_rng(6)
    codes = np.repeat(random_codes(rng, 1, 32), 3000, axis=0)
    codes[:, 7:9] ^= rng.integers(0, 256, (3000, 2), dtype=np.uint8)
    index = fp.HammingIndex(codes)
    number = 3000 * 2999 // 2
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for backend in ("brute", "multi_index"):
        tried = fp.HammingIndex(codes, backend=backend)  # type: ignore[arg-type]
        with pytest.raises(fp.OutOfMemory, match=f"{number} pairs"):
            tried.pairs(31, max_pairs=1000)
    assert index.num_pairs(31) == number
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 120 << 10


def test_matches_that_are_too_many() -> None:
    codes = np.zeros((3000, 32), dtype=np.uint8)
    with pytest.raises(fp.OutOfMemory, match="9000000 pairs"):
        fp.HammingIndex(codes).query(codes, 0, max_pairs=100)


def test_refusals() -> None:
    index = fp.HammingIndex(np.zeros((4, 8), dtype=np.uint8))
    with pytest.raises(fp.BadArgument, match="permutation of 0 to 3"):
        index.groups(0, ranks=[0, 1, 2, 2])
    with pytest.raises(fp.BadArgument, match="method"):
        index.groups(0, method="magic")  # type: ignore[arg-type]
    assert isinstance(index.pairs(0), Pairs)
