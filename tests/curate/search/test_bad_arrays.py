"""Arrays that hold what they should not: refused by name, whatever is in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastpass as fp
from fastpass.curate import Components, Pairs, diameters, keep_ranks


def _pairs(first: Any, second: Any) -> Pairs:
    return Pairs(np.array(first), np.array(second), np.zeros(0, dtype=np.int32))


BAD_PAIRS = {
    "lengths": (_pairs([1, 1], [0]), "pairs.first has 2 items, pairs.second 1"),
    "lengths, the other": (_pairs([1], [0, 2, 3]), "pairs.first has 1 items, pairs.second 3"),
    "negative": (_pairs([-1], [0]), "pairs.first names items outside of the 5"),
    "too large": (_pairs([0], [5]), "pairs.second names items outside of the 5"),
    "wraps": (_pairs([2**32], [0]), "pairs.first names items outside of the 5"),
    "wraps, unsigned": (
        _pairs(np.array([2**64 - 1], dtype=np.uint64), [0]),
        "pairs.first names items outside of the 5",
    ),
    "fractions": (_pairs([1.5], [0.0]), "pairs.first is float64"),
    "not a number": (_pairs([np.nan], [0.0]), "pairs.first is float64"),
    "two dimensions": (_pairs([[1, 2]], [[0, 3]]), r"pairs.first is int64 \[1, 2\]"),
    "a number": (_pairs(1, 0), r"pairs.first is int64 \[\]"),
    "texts": (_pairs(["a"], ["b"]), "pairs.first is <U1"),
    "booleans": (_pairs([True], [False]), "pairs.first is bool"),
    "objects": (_pairs(np.array([None]), [0]), "pairs.first is object"),
}


@pytest.mark.parametrize("name", BAD_PAIRS)
def test_pairs(name: str) -> None:
    pairs, message = BAD_PAIRS[name]
    for method in ("star", "components"):
        with pytest.raises(fp.BadArgument, match=message):
            fp.cluster(5, pairs, method=method)  # type: ignore[arg-type]
    with pytest.raises(fp.BadArgument, match=message):
        Components(5).add(pairs)


@pytest.mark.parametrize("pairs", [None, 5, ([1], [0], [0]), np.zeros((1, 3), dtype=np.int64)])
def test_what_are_no_pairs(pairs: Any) -> None:
    with pytest.raises(fp.BadArgument, match="wanted Pairs"):
        fp.cluster(5, pairs)


@pytest.mark.parametrize(
    "ranks",
    [
        [0, 1, 2, 3],
        [0, 1, 2, 3, 3],
        [0, 1, 2, 3, 5],
        [0, 1, 2, 3, -1],
        [0.0, 1.0, 2.0, 3.0, 4.0],
        [0, 1, 2, 3, np.nan],
        [[0, 1, 2, 3, 4]],
        7,
        ["0", "1", "2", "3", "4"],
    ],
    ids=str,
)
def test_ranks(ranks: Any) -> None:
    with pytest.raises(fp.BadArgument, match="ranks: wanted a permutation"):
        fp.cluster(5, _pairs([1], [0]), ranks=ranks)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.int64, np.uint64, ">i8"])
def test_every_kind_of_integer_is_taken(dtype: Any) -> None:
    column = np.array([0, 9, 1, 9, 2, 9, 3, 9], dtype=dtype)[::2]  # strided
    pairs = Pairs(column[:3], column[1:], np.zeros(3, dtype=np.int32))
    ranks = np.array([3, 2, 1, 0], dtype=dtype)
    assert fp.cluster(4, pairs, method="components").tolist() == [0] * 4
    assert fp.cluster(4, pairs, ranks=ranks).tolist() == [1, 1, 3, 3]


def test_codes() -> None:
    index = fp.HammingIndex(np.zeros((3, 32), dtype=np.uint8))
    for bad, message in (
        (np.zeros((3, 32)), "float64"),
        (np.full((3, 32), np.nan), "float64"),
        (np.zeros(32, dtype=np.uint8), r"\[32\]"),
        (np.zeros((1, 1, 32), dtype=np.uint8), r"\[1, 1, 32\]"),
        (np.zeros((3, 1032), dtype=np.uint8), "1032 bytes"),
        (np.zeros((3, 0), dtype=np.uint8), "0 bytes"),
    ):
        for work in (fp.HammingIndex, lambda codes: index.query(codes, 3)):
            with pytest.raises(fp.BadArgument, match=message):
                work(bad)


def test_codes_that_lie_anywhere_in_memory() -> None:
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, (60, 64), dtype=np.uint8)
    codes = np.packbits(bits, axis=1)
    expected = fp.HammingIndex(codes).pairs(24)
    unaligned = np.frombuffer(b"x" + codes.tobytes(), dtype=np.uint8)[1:].reshape(60, 8)
    read_only = codes.copy()
    read_only.setflags(write=False)
    for other in (unaligned, np.asfortranarray(codes), np.repeat(codes, 2, axis=0)[::2], read_only):
        for mine, theirs in zip(fp.HammingIndex(other).pairs(24), expected, strict=True):
            assert np.array_equal(mine, theirs)


def test_labels_and_columns() -> None:
    codes = np.zeros((3, 32), dtype=np.uint8)
    for labels in (
        [0, 0],
        [0, 0, 0, 0],
        [0, 0, -1],
        [0, 0, 2**33],
        [0.0, np.nan, 0.0],
        [[0, 0, 0]],
    ):
        with pytest.raises(fp.BadArgument, match="labels"):
            diameters(codes, np.array(labels))
    with pytest.raises(fp.BadArgument, match="threads"):
        diameters(codes, np.zeros(3, dtype=np.int64), threads=0)
    with pytest.raises(fp.BadArgument, match="different lengths: {'a': 3, 'b': 2}"):
        keep_ranks({"a": np.zeros(3), "b": np.zeros(2)}, ["a", "b"])
    assert keep_ranks({"a": np.array([np.nan, 1.0, np.nan])}, ["a"]).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), dtype=np.float32),
        np.full((4, 4, 3), np.nan),
        np.zeros((4, 4, 3), dtype=np.int8),
        np.zeros((4, 4, 4), dtype=np.uint8),
        np.zeros((4, 4, 1), dtype=np.uint8),
        np.zeros((4, 0, 3), dtype=np.uint8),
        np.zeros((0, 4, 3), dtype=np.uint8),
        np.zeros((1, 4, 4, 3), dtype=np.uint8),
        np.zeros((), dtype=np.uint8),
        np.array([[None]]),
        memoryview(b"abcdef")[::2],
    ],
    ids=lambda image: f"{getattr(image, 'dtype', 'bytes')} {image.shape}",
)
def test_images(image: Any) -> None:
    with pytest.raises(fp.BadArgument, match=r"images\[0\]"):
        fp.hash_images([image])


def test_images_that_lie_anywhere_in_memory() -> None:
    rng = np.random.default_rng(2)
    wide = rng.integers(0, 256, (90, 140, 6), dtype=np.uint8)
    views = [wide[:, :, :3], wide[::-1, ::2, 3:], np.asfortranarray(wide[:, :, :3])]
    kinds = ["pdq", "phash", "pixels"]
    got = fp.hash_images(views, kinds)
    expected = fp.hash_images([np.ascontiguousarray(view) for view in views], kinds)
    for kind in kinds:
        assert np.array_equal(got.codes[kind], expected.codes[kind])
