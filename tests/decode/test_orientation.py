"""orientation="apply": the pixels that Pillow's exif_transpose gives, in every way to decode."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from support.jpeg_scans import smooth_picture

import fastpass as fp

ORIENTATIONS = range(1, 9)


def _encoded(
    orientation: int | None, format_name: str = "JPEG", height: int = 90, width: int = 140
) -> bytes:
    image = Image.fromarray(smooth_picture(height, width, seed=7))
    options: dict[str, object] = {"quality": 95} if format_name == "JPEG" else {"lossless": True}
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def _as_shown(data: bytes) -> np.ndarray:
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert image is not None
    return np.asarray(image.convert("RGB"))


def _slice(pixels: np.ndarray, box: fp.CropBox) -> np.ndarray:
    return pixels[box.top : box.top + box.height, box.left : box.left + box.width]


def _boxes(height: int, width: int) -> list[fp.CropBox]:
    return [
        fp.CropBox(0, 0, height, width),
        fp.CropBox(3, 5, height // 2, width // 3),
        fp.CropBox(height - 1, 0, 1, width),
        fp.CropBox(height // 3, width - 7, height // 2, 7),
    ]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("backend", ["cpu", "turbo", "auto"])
def test_whole_images_and_crops(orientation: int, backend: str) -> None:
    data = _encoded(orientation)
    shown = _as_shown(data)
    found = fp.decode_jpeg(data, backend=backend, orientation="apply")
    np.testing.assert_array_equal(found, shown)
    for box in _boxes(*shown.shape[:2]):
        crop = fp.decode_jpeg(data, backend=backend, orientation="apply", crop=box)
        np.testing.assert_array_equal(crop, _slice(shown, box))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_scaled(orientation: int, scale: int) -> None:
    """An odd size: what is rounded up is the stored side, wherever it is shown."""
    data = _encoded(orientation, height=93, width=141)
    stored = Image.fromarray(fp.decode_jpeg(data, scale_denominator=scale))
    stored.getexif()[0x0112] = orientation
    shown = np.asarray(ImageOps.exif_transpose(stored))
    found = fp.decode_jpeg(data, scale_denominator=scale, orientation="apply")
    np.testing.assert_array_equal(found, shown)
    for box in _boxes(*shown.shape[:2]):
        crop = fp.decode_jpeg(data, scale_denominator=scale, orientation="apply", crop=box)
        np.testing.assert_array_equal(crop, _slice(shown, box))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_with_an_index_and_several_threads(orientation: int) -> None:
    data = _encoded(orientation, height=400, width=300)
    index = fp.build_seek_index(data)
    assert index
    shown = _as_shown(data)
    for threads in (1, 3):
        for box in [None, *_boxes(*shown.shape[:2])]:
            found = fp.decode_jpeg(
                data, index=index, threads=threads, orientation="apply", crop=box
            )
            wanted = shown if box is None else _slice(shown, box)
            np.testing.assert_array_equal(found, wanted)


def test_a_batch_of_all_orientations(gpu: torch.device) -> None:
    files = [_encoded(orientation) for orientation in (None, *ORIENTATIONS)]
    box = fp.CropBox(11, 2, 70, 81)
    for crop in (None, box):
        wanted = [_as_shown(data) for data in files]
        wanted = [shown if crop is None else _slice(shown, crop) for shown in wanted]
        arrays = fp.decode_jpeg(files, orientation="apply", crop=crop)
        tensors = fp.decode_jpeg(files, orientation="apply", crop=crop, device="cuda")
        for array, tensor, expected in zip(arrays, tensors, wanted, strict=True):
            np.testing.assert_array_equal(array, expected)
            np.testing.assert_array_equal(tensor.cpu().numpy(), expected)


def test_progressive_and_damaged_files_on_a_gpu(gpu: torch.device) -> None:
    """What the CPU decodes for the GPU is turned as well."""
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(smooth_picture(50, 70)).save(buffer, "JPEG", progressive=True, exif=exif)
    data = buffer.getvalue()
    cut = _encoded(6)[:-900]
    options = {"orientation": "apply", "on_damage": "fill"}
    for file in (data, cut):
        found = fp.decode_jpeg(file, device="cuda", **options)
        np.testing.assert_array_equal(found.cpu().numpy(), fp.decode_jpeg(file, **options))
    np.testing.assert_array_equal(fp.decode_jpeg(data, orientation="apply"), _as_shown(data))


def test_by_default_pixels_are_as_stored() -> None:
    data = _encoded(6)
    assert fp.decode_jpeg(data).shape == fp.decode_image(data).shape == (90, 140, 3)
    np.testing.assert_array_equal(fp.decode_jpeg(data), fp.decode_jpeg(_encoded(None)))
    np.testing.assert_array_equal(fp.decode_jpeg(data, orientation="ignore"), fp.decode_jpeg(data))


def test_a_crop_outside_is_told_in_pixels_as_shown() -> None:
    with pytest.raises(fp.BadArgument, match="not inside the 90 x 140 image"):
        fp.decode_jpeg(_encoded(6), orientation="apply", crop=fp.CropBox(0, 0, 141, 1))
    with pytest.raises(fp.BadArgument, match="orientation is 'upright'"):
        fp.decode_jpeg(_encoded(6), orientation="upright")  # type: ignore[call-overload]


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_decode_image(orientation: int, format_name: str) -> None:
    data = _encoded(orientation, format_name)
    assert fp.probe(data).exif_orientation == orientation
    shown = _as_shown(data)
    np.testing.assert_array_equal(fp.decode_image(data, orientation="apply"), shown)
    info = fp.probe(data)
    assert fp.decode_image(data).shape == (info.height, info.width, 3) == (90, 140, 3)
