"""decode_image: PNG, WebP and JPEG; test_decode_formats.py has the other formats."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import fastpass as fp


def _encoded(image: Image.Image, format_name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def _noise(mode: str, height: int = 20, width: int = 30) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_png_equals_pillow(mode: str) -> None:
    image = _noise(mode)
    pixels = fp.decode_image(_encoded(image, "PNG"))
    np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGB")))


def test_16_bit_png_keeps_the_high_byte() -> None:
    values = np.arange(600, dtype=np.uint16).reshape(20, 30) * 109
    pixels = fp.decode_image(_encoded(Image.fromarray(values), "PNG"))
    np.testing.assert_array_equal(pixels, np.repeat((values >> 8)[:, :, None], 3, axis=2))


def test_lossless_webp() -> None:
    image = _noise("RGB")
    pixels = fp.decode_image(_encoded(image, "WEBP", lossless=True))
    np.testing.assert_array_equal(pixels, np.asarray(image))


def test_jpeg_takes_the_native_path() -> None:
    data = _encoded(_noise("RGB"), "JPEG")
    np.testing.assert_array_equal(fp.decode_image(data), fp.decode_jpeg(data))


def test_truncated_png_is_refused() -> None:
    data = _encoded(_noise("RGB", 100, 100), "PNG")
    with pytest.raises(fp.CorruptImage, match="PNG"):
        fp.decode_image(data[: len(data) // 2])


def test_a_png_bomb_is_refused_by_its_header() -> None:
    data = _encoded(Image.new("1", (4000, 4000)), "PNG")
    with pytest.raises(fp.ImageTooLarge, match="4000 x 4000"):
        fp.decode_image(data, max_pixels=10**6)
