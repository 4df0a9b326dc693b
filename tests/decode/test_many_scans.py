"""Files in several scans: without their end, and with more scans than anybody needs."""

from __future__ import annotations

import time

import numpy as np
import pytest
from support.jpeg_scans import (
    EOI,
    pillow_pixels,
    progressive_jpeg,
    smooth_picture,
    split_scans,
    with_scans,
)

import fastpass as fp


def _noise(seed: int, height: int = 60, width: int = 90) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("backend", ["cpu", "auto"])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_progressive_file_that_lacks_only_its_end_is_taken(
    backend: str, subsampling: int
) -> None:
    for seed in range(8):
        jpeg = progressive_jpeg(_noise(seed), subsampling=subsampling)
        assert jpeg.endswith(EOI)
        wanted = pillow_pixels(jpeg)
        for lost in (1, 2):
            np.testing.assert_array_equal(fp.decode_jpeg(jpeg[:-lost], backend=backend), wanted)


def test_a_file_that_lacks_a_scan_and_its_end_is_refused() -> None:
    jpeg = progressive_jpeg(_noise(0))
    num_scans = len(split_scans(jpeg)[1])
    for kept in range(1, num_scans):
        with pytest.raises(fp.CorruptImage, match="EOI wanted|truncated"):
            fp.decode_jpeg(with_scans(jpeg, range(kept), end=b""), backend="cpu")


def test_a_file_that_lacks_bits_is_refused() -> None:
    for seed in range(4):
        jpeg = progressive_jpeg(_noise(seed))
        for lost in (5, 8, 20, 100):
            with pytest.raises(fp.CorruptImage):
                fp.decode_jpeg(jpeg[:-lost], backend="cpu")


def _empty_scans(jpeg: bytes, count: int) -> bytes:
    """``count`` more scans of Y that say of runs of 2^14 blocks that nothing is to be added."""
    # The codes 0, which is such a run and wants 14 more bits, and 10, one block without more.
    table = bytes([0xFF, 0xC4, 0, 21, 0x10, 1, 1, *[0] * 14, 0xE0, 0x00])
    scan = bytes([0xFF, 0xDA, 0, 8, 1, 1, 0x00, 1, 63, 0x00])
    return jpeg[:-2] + table + (scan + bytes(12)) * count + EOI


def test_hundreds_of_empty_scans_are_refused_at_once() -> None:
    jpeg = _empty_scans(progressive_jpeg(smooth_picture(2400, 2400), gray=True), 883)
    assert len(jpeg) < 1_000_000
    for backend in ("cpu", "turbo", "auto"):
        begin = time.thread_time()
        with pytest.raises(fp.TooManyScans, match="raise max_scan_blocks"):
            fp.decode_jpeg(jpeg, backend=backend, max_scan_blocks=1)
        assert time.thread_time() - begin < 3
    with pytest.raises(fp.TooManyScans):
        fp.decode_jpeg(jpeg)


def test_many_scans_of_a_small_image_are_no_harm() -> None:
    jpeg = progressive_jpeg(smooth_picture(64, 64), gray=True)
    many = _empty_scans(jpeg, 883)
    wanted = fp.decode_jpeg(jpeg)
    for backend in ("cpu", "turbo", "auto"):
        np.testing.assert_array_equal(fp.decode_jpeg(many, backend=backend), wanted)
    for backend in ("cpu", "turbo"):
        with pytest.raises(fp.TooManyScans, match="the budget is 1024"):
            fp.decode_jpeg(many, backend=backend, max_scan_blocks=1)
    np.testing.assert_array_equal(fp.decode_image(many), wanted)
    with pytest.raises(fp.TooManyScans, match="the budget is 1024"):
        fp.decode_image(many, max_scan_blocks=1)
    for decode in (fp.decode_jpeg, fp.decode_image):
        with pytest.raises(fp.BadArgument, match="max_scan_blocks"):
            decode(many, max_scan_blocks=0)
