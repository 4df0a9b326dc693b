"""Pictures inside a page: the bytes stand in the page itself, as data URIs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Picture:
    """source: a data URI, empty where the picture cannot be shown. captions: one fact each."""

    title: str
    source: str
    captions: tuple[str, ...] = ()
    is_marked: bool = False  # framed


def data_uri(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def jpeg_thumbnail(pixels: npt.NDArray[np.uint8], side: int) -> str:
    """A data URI of an image, uint8 ``[height, width, 3]``, shrunk to at most ``side`` pixels."""
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return data_uri("image/jpeg", buffer.getvalue())


def png_uri(image: npt.NDArray[np.float32]) -> str:
    """A data URI of an image, float32 ``[3, height, width]``, values in 0..1."""
    from PIL import Image

    pixels = np.clip(np.asarray(image) * 255.0 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return data_uri("image/png", buffer.getvalue())
