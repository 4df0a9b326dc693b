"""Progressive JPEGs taken apart: which scans a file holds, and files with some of them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

EOI = b"\xff\xd9"


def smooth_picture(height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Waves and a little noise: DC coefficients of neighbors differ, and no block is flat."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 17 + c) + np.cos(y / 23 - c) + np.sin((x + y) / (31 + c)) for c in range(3)]
    pixels = 128 + 40 * np.stack(waves, axis=2) + rng.normal(0, 4, (height, width, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def progressive_jpeg(
    pixels: npt.NDArray[np.uint8], *, subsampling: int = 2, quality: int = 75, gray: bool = False
) -> bytes:
    """In libjpeg's ten scans, or six for gray."""
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    (image.convert("L") if gray else image).save(
        buffer, "JPEG", progressive=True, subsampling=subsampling, quality=quality
    )
    return buffer.getvalue()


def split_scans(jpeg: bytes) -> tuple[bytes, list[bytes]]:
    """The headers up to the first scan's tables, and every scan with the tables before it."""
    at, begin = 2, 0
    scans: list[bytes] = []
    header = b""
    while jpeg[at : at + 2] != EOI:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker in (0xC4, 0xDA) and not begin:
            header, begin = jpeg[:at], at
        at += 2 + length
        if marker == 0xDA:
            while jpeg[at] != 0xFF or jpeg[at + 1] in (0, *range(0xD0, 0xD8)):
                at += 1
            scans.append(jpeg[begin:at])
            begin = at
    return header, scans


def with_scans(jpeg: bytes, kept: Sequence[int], end: bytes = EOI) -> bytes:
    """A file with only those of the scans, in that order."""
    header, scans = split_scans(jpeg)
    return header + b"".join(scans[i] for i in kept) + end


def pillow_pixels(jpeg: bytes, scale_denominator: int = 1) -> npt.NDArray[np.uint8]:
    """As the libjpeg-turbo 3 inside Pillow's wheel decodes it."""
    image = Image.open(io.BytesIO(jpeg))
    mode = image.mode
    if scale_denominator > 1:
        sides = [max(1, side // scale_denominator) for side in image.size]
        image.draft(mode, (sides[0], sides[1]))
    return np.asarray(image.convert("RGB"))
