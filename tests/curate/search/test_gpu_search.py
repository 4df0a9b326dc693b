"""Hamming search on a GPU, and on its twin."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.code_sets import assert_pairs, clustered, code_sets, flip

import fastpass as fp


def test_a_gpu_finds_the_same(gpu: torch.device) -> None:
    rng = np.random.default_rng(12)
    for num_bytes in (8, 16, 24, 32):
        for codes in code_sets(num_bytes).values():
            for radius in (0, 15, 31, 8 * num_bytes):
                assert_pairs(codes, radius, device="cuda")
    codes = clustered(rng, 700, 32, 20)
    queries = flip(rng, codes[::7], 35)
    index = fp.HammingIndex(codes, device="cuda")
    expected = fp.HammingIndex(codes).query(queries, 31)
    assert len(expected) > 100
    for mine, theirs in zip(index.query(queries, 31), expected, strict=True):
        assert np.array_equal(mine, theirs)
    assert index.num_pairs(31) == len(index.pairs(31))
    assert np.array_equal(index.groups(31), fp.HammingIndex(codes).groups(31))
    with pytest.raises(fp.BadArgument, match="320 bits, a GPU compares at most 256"):
        fp.HammingIndex(np.zeros((2, 40), np.uint8), device="cuda").pairs(1)
    with pytest.raises(fp.OutOfMemory, match=r"\d+ pairs within the radius, and room for 5"):
        index.pairs(200, max_pairs=5)


def test_devices_that_are_none() -> None:
    codes = np.zeros((2, 32), np.uint8)
    for device in ("tpu", "twin", "mps"):
        with pytest.raises(fp.BadArgument, match="wanted 'cpu' or a CUDA device"):
            fp.HammingIndex(codes, device=device)
    assert len(fp.HammingIndex(codes, device="cpu").pairs(0)) == 1


def test_a_gpu_has_no_multi_index(gpu: torch.device) -> None:
    with pytest.raises(fp.BadArgument, match="runs on the CPU only"):
        fp.HammingIndex(np.zeros((2, 32), np.uint8), device="cuda", backend="multi_index")
