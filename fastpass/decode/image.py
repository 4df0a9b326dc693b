"""Any supported image to pixels: JPEG natively, PNG and WebP through Pillow (a slow path)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from fastpass._native import core
from fastpass.common.checks import require_bytes, require_integer
from fastpass.decode.jpeg import Pixels, decode_jpeg
from fastpass.decode.probe import probe
from fastpass.decode.settings import MAX_PIXELS
from fastpass.errors import CorruptImage, ImageTooLarge, OutOfMemory

if TYPE_CHECKING:
    from typing_extensions import Buffer


def decode_image(data: Buffer, *, max_pixels: int = core.DEFAULT_MAX_PIXELS) -> Pixels:
    """Decode one JPEG, PNG or WebP to uint8 ``[height, width, 3]`` RGB.

    PNG and WebP go through Pillow and hold the GIL for part of the time: expect a fraction of
    the JPEG path's speed. Transparency is dropped, palettes are expanded, 16-bit samples keep
    their high byte; of an animation the first frame is taken.
    """
    encoded = require_bytes("data", data)
    max_pixels = require_integer("max_pixels", max_pixels, 1, MAX_PIXELS)
    if bytes(encoded[:2]) == b"\xff\xd8":
        return decode_jpeg(encoded, max_pixels=max_pixels)
    info = probe(encoded)
    if info.width * info.height > max_pixels:
        raise ImageTooLarge(
            f"the {info.format.upper()} declares {info.width} x {info.height} pixels, "
            f"the budget is {max_pixels} (raise max_pixels if the file is genuine)"
        )
    return _decode_with_pillow(encoded, info.format)


def _decode_with_pillow(encoded: memoryview, format_name: str) -> Pixels:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded), formats=[format_name]) as image:
            image.load()
            if image.mode.startswith("I"):
                high_byte = (np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)
                return np.repeat(high_byte[:, :, None], 3, axis=2)
            return np.array(image.convert("RGB"))
    except MemoryError as error:
        raise OutOfMemory(f"no memory to decode this {format_name.upper()}") from error
    except Exception as error:  # damaged chunks make Pillow raise IndexError, struct.error, ...
        reason = f"{type(error).__name__}: {error}"
        raise CorruptImage(f"Pillow cannot decode this {format_name.upper()}: {reason}") from error
