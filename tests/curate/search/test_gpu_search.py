"""Hamming search on a GPU, and on its twin."""

from __future__ import annotations

import numpy as np
import pytest
from support.code_sets import assert_pairs, clustered, code_sets, flip
from support.devices import DEVICES

import fastpass as fp


@pytest.mark.parametrize("strategy", DEVICES)
def test_a_device_finds_the_same(strategy: str) -> None:
    rng = np.random.default_rng(12)
    for num_bytes in (8, 16, 24, 32):
        for codes in code_sets(num_bytes).values():
            for radius in (0, 15, 31, 8 * num_bytes):
                assert_pairs(codes, radius, strategy=strategy)
    codes = clustered(rng, 700, 32, 20)
    queries = flip(rng, codes[::7], 35)
    on_device = fp.HammingIndex(codes, strategy=strategy).query(queries, 31)  # type: ignore[arg-type]
    expected = fp.HammingIndex(codes).query(queries, 31)
    assert len(expected) > 100
    for mine, theirs in zip(on_device, expected, strict=True):
        assert np.array_equal(mine, theirs)
    with pytest.raises(fp.BadArgument, match="320 bits, a GPU compares at most 256"):
        fp.HammingIndex(np.zeros((2, 40), np.uint8), strategy=strategy).pairs(1)  # type: ignore[arg-type]
    with pytest.raises(fp.OutOfMemory, match="more than 5 pairs"):
        fp.HammingIndex(codes, strategy=strategy).pairs(200, max_pairs=5)  # type: ignore[arg-type]
