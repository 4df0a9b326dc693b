"""decode_jpeg against Pillow (an independent build of libjpeg-turbo)."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from PIL import Image
from support.jpeg_decoders import JPEG_DECODERS

import fastpass as fp


def _picture(height: int, width: int, seed: int = 0) -> Image.Image:
    """Smooth color gradients with noise: every coefficient is in use, nothing saturates."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    waves = np.stack([rows * 3 + columns, rows - columns * 2, rows * columns // 7], axis=2) % 200
    return Image.fromarray((waves + rng.integers(0, 56, waves.shape)).astype(np.uint8))


def _jpeg(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **{"quality": 87, **options})
    return buffer.getvalue()


def _pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def test_both_decoders_are_tested() -> None:
    """The other tests run with those that were built: none may be missing unseen."""
    assert JPEG_DECODERS == ["cpu", "turbo"]


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (16, 16), (61, 47), (240, 333)])
def test_equals_pillow(subsampling: str, progressive: bool, size: tuple[int, int]) -> None:
    data = _jpeg(_picture(*size), subsampling=subsampling, progressive=progressive)
    np.testing.assert_array_equal(fp.decode_jpeg(data), _pillow(data))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grayscale_and_cmyk_equal_pillow(mode: str) -> None:
    data = _jpeg(_picture(50, 70).convert(mode))
    np.testing.assert_array_equal(fp.decode_jpeg(data), _pillow(data))


@pytest.mark.parametrize("denominator", [2, 4, 8])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_scaled_equals_pillow_draft(denominator: int, subsampling: str) -> None:
    height, width = 131, 203
    data = _jpeg(_picture(height, width), subsampling=subsampling)
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (width // denominator, height // denominator))
        expected = np.asarray(image)
    assert expected.shape[:2] == (-(-height // denominator), -(-width // denominator))
    np.testing.assert_array_equal(fp.decode_jpeg(data, scale_denominator=denominator), expected)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("denominator", [1, 2])
def test_crop_equals_slice(subsampling: str, denominator: int) -> None:
    data = _jpeg(_picture(75, 91), subsampling=subsampling)
    full = fp.decode_jpeg(data, scale_denominator=denominator)
    rng = np.random.default_rng(1)
    for _ in range(60):
        top, left = rng.integers(0, full.shape[0]), rng.integers(0, full.shape[1])
        box = fp.CropBox(
            top=int(top),
            left=int(left),
            height=int(rng.integers(1, full.shape[0] - top + 1)),
            width=int(rng.integers(1, full.shape[1] - left + 1)),
        )
        part = fp.decode_jpeg(data, crop=box, scale_denominator=denominator)
        expected = full[box.top : box.top + box.height, box.left : box.left + box.width]
        np.testing.assert_array_equal(part, expected)


def test_crop_of_cmyk_equals_slice() -> None:
    data = _jpeg(_picture(40, 50).convert("CMYK"))
    part = fp.decode_jpeg(data, crop=fp.CropBox(top=3, left=5, height=20, width=31))
    np.testing.assert_array_equal(part, fp.decode_jpeg(data)[3:23, 5:36])


@pytest.mark.parametrize(
    "box", [(-1, 0, 2, 2), (0, 0, 0, 5), (0, 0, 41, 5), (39, 0, 2, 2), (0, 49, 1, 2**31 - 1)]
)
def test_crop_outside_the_image_is_refused(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(fp.BadArgument, match="not inside the 50 x 40 image"):
        fp.decode_jpeg(_jpeg(_picture(40, 50)), crop=fp.CropBox(*box))


def test_a_sequence_is_decoded_in_order_on_threads() -> None:
    batch = [_jpeg(_picture(30 + i, 40, seed=i)) for i in range(20)]
    decoded = fp.decode_jpeg(batch, threads=4)
    assert len(decoded) == 20
    for data, pixels in zip(batch, decoded, strict=True):
        np.testing.assert_array_equal(pixels, _pillow(data))
    assert fp.decode_jpeg([]) == []


def test_bytes_like_inputs() -> None:
    data = _jpeg(_picture(20, 30))
    expected = fp.decode_jpeg(data)
    for same in (bytearray(data), memoryview(data), np.frombuffer(data, np.uint8)):
        np.testing.assert_array_equal(fp.decode_jpeg(same), expected)
    with pytest.raises(fp.BadArgument, match="image 1 is a int"):
        fp.decode_jpeg([data, 5])  # type: ignore[list-item]


def test_the_array_owns_its_pixels() -> None:
    pixels = fp.decode_jpeg(_jpeg(_picture(20, 30)))
    before = pixels.copy()
    for seed in range(5):
        fp.decode_jpeg(_jpeg(_picture(20, 30, seed=seed)))
    np.testing.assert_array_equal(pixels, before)
    assert pixels.flags.writeable


def test_truncation_is_refused_with_the_offset_and_filled_on_request() -> None:
    whole = _jpeg(_picture(120, 160))
    cut = whole[: len(whole) // 2]
    with pytest.raises(fp.CorruptImage, match="damaged JPEG data") as caught:
        fp.decode_jpeg(cut)
    assert caught.value.byte_offset is not None
    assert 0 < caught.value.byte_offset <= len(cut)
    filled = fp.decode_jpeg(cut, on_damage="fill")
    full = fp.decode_jpeg(whole)
    np.testing.assert_array_equal(filled[:32], full[:32])
    assert not np.array_equal(filled, full)


def test_every_truncation_is_refused_or_complete() -> None:
    """Cut anywhere: an error, or (only the end marker lost) the right pixels; never wrong ones."""
    whole = _jpeg(_picture(24, 24))
    full = fp.decode_jpeg(whole)
    for length in range(len(whole)):
        try:
            pixels = fp.decode_jpeg(whole[:length])
        except fp.CorruptImage:
            continue
        np.testing.assert_array_equal(pixels, full)


def test_flipped_bytes_never_crash_and_the_next_image_still_decodes() -> None:
    whole = _jpeg(_picture(40, 40), progressive=True)
    full = fp.decode_jpeg(whole)
    rng = np.random.default_rng(3)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[int(rng.integers(2, len(whole)))] ^= int(rng.integers(1, 256))
        with contextlib.suppress(fp.FastpassError):
            fp.decode_jpeg(damaged, max_pixels=1 << 22)
        np.testing.assert_array_equal(fp.decode_jpeg(whole), full)


@pytest.mark.parametrize("rubbish", [b"", b"\xff", b"\xff\xd8", b"not a jpeg at all", bytes(1000)])
def test_rubbish_is_refused(rubbish: bytes) -> None:
    with pytest.raises(fp.CorruptImage):
        fp.decode_jpeg(rubbish)


def test_a_bomb_is_refused_before_memory_is_taken() -> None:
    data = bytearray(_jpeg(_picture(16, 16)))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = (60000).to_bytes(2, "big") * 2
    with pytest.raises(fp.ImageTooLarge, match="60000 x 60000"):
        fp.decode_jpeg(data)
    with pytest.raises(fp.CorruptImage, match="cannot hold"):
        fp.decode_jpeg(data, max_pixels=1 << 40)


def test_the_first_failure_of_a_sequence_names_its_position() -> None:
    good = _jpeg(_picture(16, 16))
    with pytest.raises(fp.CorruptImage, match="image 2 of 4"):
        fp.decode_jpeg([good, good, b"rubbish", b"more rubbish"])


def test_bad_arguments_are_named() -> None:
    data = _jpeg(_picture(16, 16))
    with pytest.raises(fp.MissingBackend, match="'gpu'"):
        fp.decode_jpeg(data, backend="gpu")
    with pytest.raises(fp.BadArgument, match="scale_denominator is 3"):
        fp.decode_jpeg(data, scale_denominator=3)
    with pytest.raises(fp.BadArgument, match="on_damage"):
        fp.decode_jpeg(data, on_damage="ignore")  # type: ignore[call-overload]


def test_auto_fills_damage_as_libjpeg_turbo_does() -> None:
    """FF FF 00 is where our own filling may differ in one MCU: auto must not."""
    data = _jpeg(_picture(200, 300), quality=90)
    begin = data.rindex(b"\xff\xda") + 20
    num_other = 0
    for at in range(begin, len(data) - 40, 211):
        for file in (data[:at], data[:at] + b"\xff\xff\x00" + data[at:]):
            filled = fp.decode_jpeg(file, on_damage="fill")
            assert np.array_equal(filled, fp.decode_jpeg(file, backend="turbo", on_damage="fill"))
            own = fp.decode_jpeg(file, backend="cpu", on_damage="fill")
            num_other += not np.array_equal(filled, own)
    assert num_other > 0  # or this test shows nothing


def test_several_threads_on_one_image_change_no_pixel() -> None:
    data = _jpeg(_picture(700, 333), quality=85)
    index = fp.build_seek_index(data)
    whole = fp.decode_jpeg(data, backend="turbo")
    for threads in (1, 2, 5, 64):
        assert np.array_equal(fp.decode_jpeg(data, index=index, threads=threads), whole)
        for crop in (fp.CropBox(0, 0, 700, 333), fp.CropBox(77, 13, 555, 301)):
            part = fp.decode_jpeg(data, index=index, threads=threads, crop=crop)
            bottom, right = crop.top + crop.height, crop.left + crop.width
            assert np.array_equal(part, whole[crop.top : bottom, crop.left : right])
