"""HEIC: the pixels of Pillow with its plug-in, sizes as shown, damage, samples and views."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.jpeg_scans import smooth_picture

import fastpass as fp
from fastpass.curate.check import check

pillow_heif = pytest.importorskip("pillow_heif", reason="wants pillow-heif")
pillow_heif.register_heif_opener()


def _heic(height: int = 37, width: int = 53, mode: str = "RGB", **options: object) -> bytes:
    image = Image.fromarray(smooth_picture(height, width))
    if mode == "RGBA":
        image.putalpha(image.convert("L"))
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, "HEIF", **options)
    return buffer.getvalue()


def _pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _deep() -> bytes:
    samples = np.random.default_rng(0).integers(0, 1 << 16, (48, 64, 3), dtype=np.uint16)
    buffer = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (64, 48), samples.tobytes()).save(buffer)
    return buffer.getvalue()


def _turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x112] = orientation
    return _heic(exif=exif)


@pytest.mark.parametrize(
    "make",
    [
        _heic,
        lambda: _heic(quality=-1),  # without loss
        lambda: _heic(mode="L"),
        lambda: _heic(mode="RGBA"),
        lambda: _heic(1, 1),
        lambda: _heic(65, 63),
        lambda: _heic(300, 500),
        lambda: _heic(save_all=True, append_images=[Image.new("RGB", (20, 20))]),
        lambda: _turned(3),
        lambda: _turned(6),
        _deep,
    ],
)
def test_pixels_and_sizes_are_those_of_pillow(make) -> None:
    data = make()
    wanted = _pillow(data)
    np.testing.assert_array_equal(fp.decode_image(data), wanted)
    np.testing.assert_array_equal(fp.decode_image(data, orientation="apply"), wanted)
    info = fp.probe(data)
    assert (info.format, info.height, info.width) == ("heic", *wanted.shape[:2])


@pytest.mark.parametrize("length", [12, 100, 400, -5])
def test_a_truncated_file_is_refused_by_name(length: int) -> None:
    with pytest.raises((fp.CorruptImage, fp.UnsupportedImage)):
        fp.decode_image(_heic()[:length])


def test_samples_and_views(tmp_path: Path) -> None:
    data = _heic(120, 90)
    (tmp_path / "a.HEIC").write_bytes(data)
    (tmp_path / "b.jpg").write_bytes(data)  # by content, not by name
    with fp.Pack(tmp_path) as pack:
        assert pack.sample_keys == ["a", "b"]
        assert pack.skipped_files == {}
        with fp.Loader(pack, fp.recipes.evaluation(size=64), batch_size=2) as loader:
            views = next(iter(loader)).views[0].numpy()
    png = io.BytesIO()
    Image.fromarray(_pillow(data)).save(png, "PNG")
    wanted = fp.render(png.getvalue(), fp.recipes.evaluation(size=64), seed=0)[0]
    np.testing.assert_array_equal(views, np.stack([wanted, wanted]))
    problems = check(tmp_path).problems
    assert [(p.key, p.reason) for p in problems] == [("b", "named .jpg, but it is a HEIC image")]
