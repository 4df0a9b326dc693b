"""Image headers: size, components, subsampling and orientation without decoding a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastpass._native import core
from fastpass.common.checks import require_bytes
from fastpass.types import ImageInfo

if TYPE_CHECKING:
    from typing_extensions import Buffer


def probe(data: Buffer) -> ImageInfo:
    """Read the header of an encoded JPEG, PNG, WebP, BMP, GIF, TIFF, AVIF or HEIC.

    ``data``: the encoded bytes, uint8, contiguous; the format is told by them. Sizes are in pixels
    as stored, that is before any EXIF rotation. Those of TIFF and HEIC are in pixels as shown:
    ``decode_image`` always turns them. For a JPEG the first frame header counts (ITU-T T.81,
    B.2.2), for a GIF and a TIFF the first frame, and a damaged EXIF block reads as orientation 1.

    Raises ``CorruptImage`` (with the byte offset) when the header ends early or contradicts
    itself, and ``UnsupportedImage`` for any other format. The pixels may still be damaged: only
    decoding can tell.
    """
    return ImageInfo(*core.probe(require_bytes("data", data)))
