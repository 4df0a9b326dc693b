"""Seek indexes: where decoding may start inside one JPEG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastpass._native import core
from fastpass.common.checks import require_bytes

if TYPE_CHECKING:
    from typing_extensions import Buffer


def build_seek_index(data: Buffer) -> bytes:
    """The seek index of one JPEG, for ``decode_jpeg(data, index=...)``.

    It holds the decoder's state before every K-th MCU, in at most 2 % of the JPEG's bytes, and the
    XXH64 of the file it belongs to; docs/format.md describes the bytes. Packs keep the indexes of
    their images (``fastpass index``, ``Sample.seek_index``): call this for files of your own.

    Returns ``b""`` for a file that gets no index and is decoded from its beginning: progressive,
    in several scans, arithmetic, damaged, above 178,956,970 pixels, so small that 2 % of it hold
    fewer than two entries (below some 3 KB), or no JPEG at all. Raises ``BadArgument`` where
    ``data`` is not bytes-like, and ``OutOfMemory``.
    """
    index: bytes = core.build_seek_index(require_bytes("data", data))
    return index
