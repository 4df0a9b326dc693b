"""The hashes of ImageHash on pictures whose terms vanish or tie: flat, ruled, striped, symmetrical.

There a bit is decided by whether a term is exactly zero, so that the order of sums matters.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import imagehash
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import fastpass as fp

Gray = npt.NDArray[np.uint8]
ORACLES = {
    "ahash": imagehash.average_hash,
    "dhash": imagehash.dhash,
    "phash": imagehash.phash,
    "whash": imagehash.whash,
}
SIZES = [(5, 9), (8, 8), (32, 32), (33, 47), (64, 64), (100, 300), (300, 200), (256, 256)]


def _flat(height: int, width: int, value: int) -> Gray:
    return np.full((height, width), value, dtype=np.uint8)


def _ruled(height: int, width: int, step: int) -> Gray:
    page = _flat(height, width, 255)
    page[::step] = 0
    return page


def _striped(height: int, width: int, step: int) -> Gray:
    stripes = np.where(np.arange(width) // step % 2 == 0, 0, 255).astype(np.uint8)
    return np.repeat(stripes[None], height, axis=0)


def _checkered(height: int, width: int, step: int) -> Gray:
    return (np.indices((height, width)).sum(axis=0) // step % 2 * 255).astype(np.uint8)


def _square(height: int, width: int, part: int) -> Gray:
    page = _flat(height, width, 250)
    page[height // part : height - height // part, width // part : width - width // part] = 30
    return page


def _ramp(height: int, width: int, low: int) -> Gray:
    return np.repeat(np.linspace(low, 255, width).astype(np.uint8)[None], height, axis=0)


def _dots(height: int, width: int, seed: int) -> Gray:
    is_dot = np.random.default_rng(seed).random((height, width)) < 0.01
    return (is_dot * 255).astype(np.uint8)


PICTURES: dict[str, tuple[Callable[[int, int, int], Gray], list[int]]] = {
    "flat": (_flat, [0, 1, 77, 128, 255]),
    "ruled": (_ruled, [2, 5, 20, 31]),
    "striped": (_striped, [2, 5, 20, 31]),
    "checkered": (_checkered, [1, 4, 16, 30]),
    "square": (_square, [3, 4, 8]),
    "ramp": (_ramp, [0, 100]),
    "dots": (_dots, [1, 2, 3]),
}


@pytest.mark.parametrize("name", PICTURES)
def test_drawn_pictures_have_the_bits_of_imagehash(name: str) -> None:
    draw, arguments = PICTURES[name]
    pictures = [draw(*size, argument) for size in SIZES for argument in arguments]
    pictures += [np.ascontiguousarray(picture.T) for picture in pictures]
    pixels = [np.repeat(picture[:, :, None], 3, axis=2) for picture in pictures]
    got = fp.hash_images(pixels, list(ORACLES))
    for row, image in enumerate(pixels):
        for kind, oracle in ORACLES.items():
            expected = np.packbits(oracle(Image.fromarray(image)).hash.reshape(-1))
            assert got.codes[kind][row].tobytes() == expected.tobytes(), (kind, image.shape)


def test_a_gray_picture() -> None:
    """Encoded or not, of any size: the mean is the only term that there is."""
    codes = []
    for size in ((40, 30), (300, 400)):
        image = Image.new("RGB", size, (128, 128, 128))
        for format_name in ("JPEG", "PNG"):
            buffer = io.BytesIO()
            image.save(buffer, format_name)
            codes.append(buffer.getvalue())
    found = fp.hash_images(codes, ["phash", "whash"])
    assert [code.tobytes().hex() for code in found.codes["phash"]] == ["8000000000000000"] * 4
    assert [code.tobytes().hex() for code in found.codes["whash"]] == [
        str(imagehash.whash(Image.open(io.BytesIO(data)))) for data in codes
    ]
