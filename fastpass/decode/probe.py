"""Image headers: size, components, subsampling and orientation without decoding a pixel."""

from __future__ import annotations

from fastpass._native import core
from fastpass.types import ImageInfo


def probe(data: bytes | bytearray | memoryview) -> ImageInfo:
    """Read the header of an encoded JPEG, PNG or WebP.

    ``data``: the encoded bytes, uint8, contiguous. Sizes are in pixels as stored, that is before
    any EXIF rotation. For a JPEG the first frame header counts (ITU-T T.81, B.2.2), and a damaged
    EXIF block reads as orientation 1.

    Raises ``CorruptImage`` (with the byte offset) when the header ends early or contradicts
    itself, and ``UnsupportedImage`` for any other format. The pixels may still be damaged: only
    decoding can tell.
    """
    return ImageInfo(*core.probe(data))
