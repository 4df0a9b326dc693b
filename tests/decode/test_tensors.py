"""decode_jpeg into tensors: on a GPU, and on its twin, the pixels of the CPU backend."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.devices import DEVICES
from support.pictures import jpeg

import fastpass as fp

pytestmark = pytest.mark.parametrize("backend", DEVICES)


def _files() -> list[bytes]:
    picture = Image.open(io.BytesIO(jpeg(5, height=120, width=90)))
    files = [jpeg(seed, height=40 + 31 * seed, width=200 - 17 * seed) for seed in range(6)]
    for mode, options in (("RGB", {"progressive": True}), ("L", {}), ("CMYK", {"quality": 50})):
        buffer = io.BytesIO()
        picture.convert(mode).save(buffer, "JPEG", **options)
        files.append(buffer.getvalue())
    return files


def _assert_same(got: torch.Tensor, expected: np.ndarray, backend: str) -> None:
    assert got.dtype == torch.uint8
    assert got.device.type == ("cpu" if backend == "twin" else "cuda")
    assert np.array_equal(got.cpu().numpy(), expected)


def test_a_list(backend: str) -> None:
    files = _files()
    for got, data in zip(fp.decode_jpeg(files, backend=backend), files, strict=True):
        _assert_same(got, fp.decode_jpeg(data), backend)


def test_one_image(backend: str) -> None:
    data = jpeg(3)
    got = fp.decode_jpeg(data, backend=backend)
    _assert_same(got, fp.decode_jpeg(data), backend)


def test_nothing(backend: str) -> None:
    assert fp.decode_jpeg([], backend=backend) == []


def test_more_than_a_chunk(backend: str) -> None:
    files = [jpeg(seed % 5, height=17, width=23) for seed in range(300)]
    expected = fp.decode_jpeg(files)
    for got, pixels in zip(fp.decode_jpeg(files, backend=backend), expected, strict=True):
        _assert_same(got, pixels, backend)


@pytest.mark.parametrize("denominator", [1, 2, 4, 8])
def test_crops_scales_and_indexes(backend: str, denominator: int) -> None:
    files = [jpeg(seed, height=300, width=400) for seed in range(3)]
    indexes = [fp.build_seek_index(files[0]), None, fp.build_seek_index(files[2])]
    crop = fp.CropBox(top=3, left=7, height=21, width=30)
    options = {"crop": crop, "scale_denominator": denominator}
    expected = fp.decode_jpeg(files, **options)
    got = fp.decode_jpeg(files, backend=backend, index=indexes, **options)
    for mine, theirs in zip(got, expected, strict=True):
        _assert_same(mine, theirs, backend)


def test_damage_has_the_cpus_words(backend: str) -> None:
    files = [jpeg(1), jpeg(2, height=200)[:2500], jpeg(3)]
    messages = []
    for chosen in ("auto", backend):
        with pytest.raises(fp.CorruptImage, match="image 1 of 3") as caught:
            fp.decode_jpeg(files, backend=chosen)
        messages.append((str(caught.value), caught.value.byte_offset))
    assert messages[0] == messages[1]


def test_damage_can_be_filled(backend: str) -> None:
    files = [jpeg(1), jpeg(2, height=200)[:2500]]
    expected = fp.decode_jpeg(files, on_damage="fill")
    for got, pixels in zip(
        fp.decode_jpeg(files, backend=backend, on_damage="fill"), expected, strict=True
    ):
        _assert_same(got, pixels, backend)


def test_refusals(backend: str) -> None:
    with pytest.raises(fp.ImageTooLarge, match="budget"):
        fp.decode_jpeg(jpeg(1), backend=backend, max_pixels=100)
    with pytest.raises(fp.CorruptImage):
        fp.decode_jpeg(b"no picture", backend=backend)
    with pytest.raises(fp.BadArgument, match="crop"):
        fp.decode_jpeg(jpeg(1), backend=backend, crop=fp.CropBox(0, 0, 1000, 10))
    other = fp.build_seek_index(jpeg(2, height=300, width=300))
    assert other
    with pytest.raises(fp.BadSeekIndex):
        fp.decode_jpeg(jpeg(1, height=300, width=300), backend=backend, index=other)


@pytest.mark.needs_shared
def test_photos(backend: str, shared_data: Path) -> None:
    paths = sorted((shared_data / "photos_imagenet200").rglob("*.JPEG"))[::20]
    files = [path.read_bytes() for path in paths]
    for got, data in zip(fp.decode_jpeg(files, backend=backend), files, strict=True):
        _assert_same(got, fp.decode_jpeg(data), backend)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_message_says_so(backend: str) -> None:
    del backend
    for name in ("cuda", "nvjpeg"):
        with pytest.raises(fp.MissingBackend):
            fp.decode_jpeg(jpeg(1), backend=name)
