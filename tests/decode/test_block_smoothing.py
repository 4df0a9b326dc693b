"""Progressive files that leave coefficients out: the pixels of Pillow's libjpeg-turbo 3."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageFile, features
from support.jpeg_scans import (
    pillow_pixels,
    progressive_jpeg,
    smooth_picture,
    split_scans,
    with_scans,
)

import fastpass as fp

pytestmark = pytest.mark.skipif(
    not str(features.version("libjpeg_turbo")).startswith("3."),
    reason="Pillow here has no libjpeg-turbo 3 to compare with",
)
# Of ten: DC of all, AC of Y, Cr, Cb, then refinements.
KEPT = [[0], [0, 1], [0, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5], [0, 4], range(9)]


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: "-".join(map(str, kept)))
@pytest.mark.parametrize("subsampling", [0, 1, 2], ids=["444", "422", "420"])
def test_missing_scans(kept: list[int], subsampling: int) -> None:
    jpeg = progressive_jpeg(smooth_picture(150, 203), subsampling=subsampling)
    part = with_scans(jpeg, kept)
    for backend in ("cpu", "auto"):
        np.testing.assert_array_equal(fp.decode_jpeg(part, backend=backend), pillow_pixels(part))


@pytest.mark.parametrize("subsampling", [0, 2], ids=["444", "420"])
def test_images_of_few_blocks(subsampling: int) -> None:
    """Borders: from one block to more than the five that are looked at, in both directions."""
    for height in (1, 8, 9, 16, 17, 24, 25, 33, 41, 49, 57, 65, 88):
        for width in (5, 8, 17, 32, 33, 41, 100):
            picture = smooth_picture(height, width, seed=height)
            jpeg = progressive_jpeg(picture, subsampling=subsampling, quality=40)
            for kept in ([0], [0, 1, 2, 3]):
                part = with_scans(jpeg, kept)
                np.testing.assert_array_equal(
                    fp.decode_jpeg(part), pillow_pixels(part), f"{height} x {width}, {kept}"
                )


@pytest.mark.parametrize("factors", [0x11, 0x12, 0x21, 0x22, 0x14, 0x44], ids=hex)
def test_gray_files_whatever_their_sampling_factors(factors: int) -> None:
    """They mean nothing to one component, but where libjpeg-turbo takes the lower border for."""
    for height in (8, 17, 24, 40, 47, 72, 99):
        jpeg = bytearray(progressive_jpeg(smooth_picture(height, 60), gray=True))
        frame = jpeg.index(b"\xff\xc2")
        jpeg[frame + 11] = factors
        for kept in ([0], [0, 1], [0, 1, 2]):
            part = with_scans(bytes(jpeg), kept)
            np.testing.assert_array_equal(fp.decode_jpeg(part), pillow_pixels(part), str(height))


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_scaled(scale: int) -> None:
    jpeg = progressive_jpeg(smooth_picture(160, 240))
    for kept in ([0], [0, 1]):
        part = with_scans(jpeg, kept)
        found = fp.decode_jpeg(part, scale_denominator=scale)
        np.testing.assert_array_equal(found, pillow_pixels(part, scale))


def test_a_crop_is_the_slice() -> None:
    part = with_scans(progressive_jpeg(smooth_picture(150, 203)), [0, 1])
    whole = fp.decode_jpeg(part)
    for box in (fp.CropBox(0, 0, 20, 30), fp.CropBox(37, 91, 64, 100), fp.CropBox(149, 202, 1, 1)):
        crop = whole[box.top : box.top + box.height, box.left : box.left + box.width]
        np.testing.assert_array_equal(fp.decode_jpeg(part, crop=box), crop)


def test_coarse_steps() -> None:
    """Guesses that are limited by the bits that are known."""
    for quality in (5, 20, 95):
        jpeg = progressive_jpeg(smooth_picture(90, 90, seed=quality), quality=quality)
        for kept in ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6], [0, 4]):
            part = with_scans(jpeg, kept)
            np.testing.assert_array_equal(fp.decode_jpeg(part), pillow_pixels(part))


def test_a_whole_file_is_not_smoothed() -> None:
    jpeg = progressive_jpeg(smooth_picture(60, 60))
    assert with_scans(jpeg, range(len(split_scans(jpeg)[1]))) == jpeg
    np.testing.assert_array_equal(fp.decode_jpeg(jpeg), pillow_pixels(jpeg))


def test_damage_is_refused_unless_it_is_to_be_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    part = with_scans(progressive_jpeg(smooth_picture(150, 203)), [0, 1])
    cut = part[: len(part) * 2 // 3]
    for backend in ("cpu", "auto"):
        with pytest.raises(fp.CorruptImage, match="truncated"):
            fp.decode_jpeg(cut, backend=backend)
        np.testing.assert_array_equal(
            fp.decode_jpeg(cut, backend=backend, on_damage="fill"), _pillow_filled(cut, monkeypatch)
        )


def _pillow_filled(jpeg: bytes, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    return pillow_pixels(jpeg)


@pytest.mark.parametrize("subsampling", [0, 1, 2], ids=["444", "422", "420"])
def test_a_file_cut_in_any_scan_is_filled_as_pillow_does(
    subsampling: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the row where the data end, what was known before the last scan counts."""
    jpeg = progressive_jpeg(smooth_picture(150, 203), subsampling=subsampling)
    num_compared = 0
    for length in range(len(jpeg) // 12, len(jpeg), len(jpeg) // 29):
        cut = jpeg[:length]
        try:
            pixels = fp.decode_jpeg(cut, on_damage="fill")
        except fp.CorruptImage:  # in a table, where libjpeg-turbo gives up
            continue
        wanted = _pillow_filled(cut, monkeypatch)
        if not wanted.any():  # cut in a table, of which Pillow waits for the rest
            continue
        np.testing.assert_array_equal(pixels, wanted, f"auto, {length} bytes")
        pixels = fp.decode_jpeg(cut, backend="cpu", on_damage="fill")
        np.testing.assert_array_equal(pixels, wanted, f"cpu, {length} bytes")
        num_compared += 1
    assert num_compared > 20


def test_gray_files_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = progressive_jpeg(smooth_picture(99, 60), gray=True)
    for length in range(len(jpeg) // 3, len(jpeg) - 20, 97):
        cut = jpeg[:length]
        try:
            pixels = fp.decode_jpeg(cut, backend="cpu", on_damage="fill")
        except fp.CorruptImage:
            continue
        np.testing.assert_array_equal(pixels, _pillow_filled(cut, monkeypatch), str(length))
