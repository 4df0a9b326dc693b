"""decode_jpeg into tensors: on a GPU, and on its twin, the pixels of the CPU backend."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.pictures import jpeg

import fastpass as fp


def _files() -> list[bytes]:
    picture = Image.open(io.BytesIO(jpeg(5, height=120, width=90)))
    files = [jpeg(seed, height=40 + 31 * seed, width=200 - 17 * seed) for seed in range(6)]
    for mode, options in (("RGB", {"progressive": True}), ("L", {}), ("CMYK", {"quality": 50})):
        buffer = io.BytesIO()
        picture.convert(mode).save(buffer, "JPEG", **options)
        files.append(buffer.getvalue())
    return files


def _assert_same(got: torch.Tensor, expected: np.ndarray, gpu: torch.device) -> None:
    assert got.dtype == torch.uint8
    assert got.device == gpu
    assert np.array_equal(got.cpu().numpy(), expected)


def test_a_list(gpu: torch.device) -> None:
    files = _files()
    for got, data in zip(fp.decode_jpeg(files, device="cuda"), files, strict=True):
        _assert_same(got, fp.decode_jpeg(data), gpu)


def test_one_image(gpu: torch.device) -> None:
    data = jpeg(3)
    got = fp.decode_jpeg(data, device="cuda")
    _assert_same(got, fp.decode_jpeg(data), gpu)


def test_nothing(gpu: torch.device) -> None:
    assert fp.decode_jpeg([], device="cuda") == []


def test_more_than_a_chunk(gpu: torch.device) -> None:
    files = [jpeg(seed % 5, height=17, width=23) for seed in range(300)]
    expected = fp.decode_jpeg(files)
    for got, pixels in zip(fp.decode_jpeg(files, device="cuda"), expected, strict=True):
        _assert_same(got, pixels, gpu)


@pytest.mark.parametrize("denominator", [1, 2, 4, 8])
def test_crops_scales_and_indexes(gpu: torch.device, denominator: int) -> None:
    files = [jpeg(seed, height=300, width=400) for seed in range(3)]
    indexes = [fp.build_seek_index(files[0]), None, fp.build_seek_index(files[2])]
    crop = fp.CropBox(top=3, left=7, height=21, width=30)
    options = {"crop": crop, "scale_denominator": denominator}
    expected = fp.decode_jpeg(files, **options)
    got = fp.decode_jpeg(files, device="cuda", index=indexes, **options)
    for mine, theirs in zip(got, expected, strict=True):
        _assert_same(mine, theirs, gpu)


def test_damage_has_the_cpus_words(gpu: torch.device) -> None:
    files = [jpeg(1), jpeg(2, height=200)[:2500], jpeg(3)]
    messages = []
    for chosen in ("cpu", "cuda"):
        with pytest.raises(fp.CorruptImage, match="image 1 of 3") as caught:
            fp.decode_jpeg(files, device=chosen)
        messages.append((str(caught.value), caught.value.byte_offset))
    assert messages[0] == messages[1]


def test_damage_can_be_filled(gpu: torch.device) -> None:
    files = [jpeg(1), jpeg(2, height=200)[:2500]]
    expected = fp.decode_jpeg(files, on_damage="fill")
    for got, pixels in zip(
        fp.decode_jpeg(files, device="cuda", on_damage="fill"), expected, strict=True
    ):
        _assert_same(got, pixels, gpu)


def test_refusals(gpu: torch.device) -> None:
    with pytest.raises(fp.ImageTooLarge, match="budget"):
        fp.decode_jpeg(jpeg(1), device="cuda", max_pixels=100)
    with pytest.raises(fp.CorruptImage):
        fp.decode_jpeg(b"no picture", device="cuda")
    with pytest.raises(fp.BadArgument, match="crop"):
        fp.decode_jpeg(jpeg(1), device="cuda", crop=fp.CropBox(0, 0, 1000, 10))
    other = fp.build_seek_index(jpeg(2, height=300, width=300))
    assert other
    with pytest.raises(fp.BadSeekIndex):
        fp.decode_jpeg(jpeg(1, height=300, width=300), device="cuda", index=other)


@pytest.mark.needs_shared
def test_photos(gpu: torch.device, shared_data: Path) -> None:
    paths = sorted((shared_data / "photos_imagenet200").rglob("*.JPEG"))[::20]
    files = [path.read_bytes() for path in paths]
    for got, data in zip(fp.decode_jpeg(files, device="cuda"), files, strict=True):
        _assert_same(got, fp.decode_jpeg(data), gpu)


def test_the_backend_says_where_it_runs(gpu: torch.device) -> None:
    data = jpeg(3)
    _assert_same(fp.decode_jpeg(data, backend="cuda"), fp.decode_jpeg(data), gpu)
    assert isinstance(fp.decode_jpeg(data, device="cpu"), np.ndarray)
    assert isinstance(fp.decode_jpeg(data, device=torch.device("cpu"), backend="cpu"), np.ndarray)


def test_device_and_backend_that_contradict(gpu: torch.device) -> None:
    for device, backend in (("cuda", "cpu"), ("cuda", "turbo"), ("cpu", "cuda"), ("cpu", "nvjpeg")):
        with pytest.raises(fp.BadArgument, match=f"device = '{device}', but backend"):
            fp.decode_jpeg(jpeg(1), device=device, backend=backend)
    for device in ("tpu", "mps", "twin", 1.5):
        with pytest.raises(fp.BadArgument, match="wanted 'cpu' or a CUDA device"):
            fp.decode_jpeg(jpeg(1), device=device)  # type: ignore[call-overload]
    with pytest.raises(fp.MissingBackend, match="no JPEG decoder named 'twin'"):
        fp.decode_jpeg(jpeg(1), backend="twin")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_message_says_so() -> None:
    for name in ("cuda", "nvjpeg"):
        with pytest.raises(fp.MissingBackend):
            fp.decode_jpeg(jpeg(1), backend=name)
    with pytest.raises(fp.MissingBackend):
        fp.decode_jpeg(jpeg(1), device="cuda:1")
