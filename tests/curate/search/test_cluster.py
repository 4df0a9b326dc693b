"""Groups of near duplicates, and which member is kept."""

from __future__ import annotations

import numpy as np
import pytest

import fastpass as fp
from fastpass.curate import Components, Pairs, diameters, keep_ranks


def _pairs(*pairs: tuple[int, int]) -> Pairs:
    first = np.array([a for a, _ in pairs], dtype=np.int64)
    second = np.array([b for _, b in pairs], dtype=np.int64)
    return Pairs(first, second, np.zeros(len(pairs), dtype=np.int32))


def test_a_chain() -> None:
    """0 - 1 - 2 - 3 - 4: components join its ends, stars do not."""
    chain = _pairs((0, 1), (1, 2), (2, 3), (3, 4))
    assert fp.cluster(6, chain, method="components").tolist() == [0, 0, 0, 0, 0, 5]
    assert fp.cluster(6, chain).tolist() == [0, 0, 2, 2, 4, 5]
    ranks = [4, 0, 3, 1, 2, 5]  # 1 is the best, then 3
    assert fp.cluster(6, chain, ranks=ranks).tolist() == [1, 1, 1, 3, 3, 5]
    assert fp.cluster(6, chain, method="components", ranks=ranks).tolist() == [1] * 5 + [5]


def test_every_member_of_a_star_is_near_the_kept_one() -> None:
    rng = np.random.default_rng(2)
    centers = rng.integers(0, 256, (30, 32), dtype=np.uint8)
    bits = np.unpackbits(centers[rng.integers(0, 30, 600)], axis=1)
    bits ^= (rng.random(bits.shape) < 0.06).astype(np.uint8)
    codes = np.packbits(bits, axis=1)
    pairs = fp.HammingIndex(codes).pairs(31)
    ranks = rng.permutation(600)
    kept = fp.cluster(600, pairs, ranks=ranks)
    assert 10 < len(np.unique(kept)) < 590
    distances = (bits != bits[kept]).sum(axis=1)
    assert distances.max() <= 31
    near = {(int(a), int(b)) for a, b in zip(pairs.first, pairs.second, strict=True)}
    centers_of = np.unique(kept).tolist()
    assert all(kept[c] == c for c in centers_of)
    # No two kept ones are near duplicates, and each is the best of those it took.
    assert not [(a, b) for a in centers_of for b in centers_of if (a, b) in near]
    assert all(ranks[kept[i]] <= ranks[i] for i in range(600))

    labels = fp.cluster(600, pairs, method="components")
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        expected = (bits[members][:, None] != bits[members][None]).sum(-1).max()
        assert (diameters(codes, labels)[members] == expected).all()


def test_components_of_pairs_that_come_in_pieces() -> None:
    rng = np.random.default_rng(4)
    first, second = rng.integers(0, 1000, (2, 600))
    whole = Pairs(first, second, np.zeros(600, dtype=np.int32))
    pieces = Components(1000)
    for begin in range(0, 600, 70):
        chosen = slice(begin, begin + 70)
        pieces.add(Pairs(first[chosen], second[chosen], whole.distance[chosen]))
    labels = pieces.labels()
    assert np.array_equal(labels, fp.cluster(1000, whole, method="components"))
    expected = np.arange(1000)
    while True:  # the obvious way: hand the smallest label on until nothing changes
        smaller = np.minimum(expected[first], expected[second])
        before = expected.copy()
        np.minimum.at(expected, first, smaller)
        np.minimum.at(expected, second, smaller)
        if np.array_equal(before, expected):
            break
    assert np.array_equal(labels, expected)
    with pytest.raises(fp.BadArgument, match="outside of the 1000"):
        pieces.add(_pairs((5, 1000)))


def test_nothing_to_group() -> None:
    assert fp.cluster(0, _pairs()).tolist() == []
    assert fp.cluster(3, _pairs()).tolist() == [0, 1, 2]


def test_ranks_by_keys() -> None:
    columns = {
        "licence": np.array(["by", "by", "by-nc", "by"]),
        "pixels": np.array([10, 30, 99, 30]),
        "date": np.array([3.0, 2.0, 1.0, 1.0]),
    }
    assert keep_ranks(columns, ["licence", "-pixels", "date"]).tolist() == [2, 1, 3, 0]
    assert keep_ranks(columns, ["-pixels"]).tolist() == [3, 1, 0, 2]
    assert keep_ranks(columns, []).tolist() == [0, 1, 2, 3]
    with pytest.raises(fp.BadArgument, match="'size': there are date, licence, pixels"):
        keep_ranks(columns, ["-size"])


def test_refusals() -> None:
    with pytest.raises(fp.BadArgument, match="outside of the 2"):
        fp.cluster(2, _pairs((0, 2)))
    with pytest.raises(fp.BadArgument, match="permutation of 0 to 1"):
        fp.cluster(2, _pairs((0, 1)), ranks=[0, 0])
    with pytest.raises(fp.BadArgument, match="method"):
        fp.cluster(2, _pairs(), method="magic")  # type: ignore[arg-type]
