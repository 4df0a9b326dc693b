"""FFCV's file format, .beton, as `fastpass pack` writes it: images as they are, seek indexes too.

The format is FFCV's, version 2; docs/format.md has our field, byte by byte. FFCV is not needed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.errors import BadPack
from fastpass.pack.reader import Pack
from fastpass.types import Sample

# What is stored of a sample: where its allocation begins, and how long the parts of it are that
# follow each other there: the image, its seek index, its key, its JSON.
FIELD_TYPE = np.dtype(
    [
        ("ptr", "<u8"),
        ("image_bytes", "<u8"),
        ("seek_bytes", "<u4"),
        ("key_bytes", "<u4"),
        ("json_bytes", "<u4"),
        ("zeros", "<u4"),
    ]
)
# FFCV names the columns so, and aligns them as NumPy does.
_ROW_TYPE = np.dtype([("f0", FIELD_TYPE), ("f1", "<i8"), ("f2", "<i8")], align=True)
_ALLOCATION_TYPE = np.dtype([("sample_id", "<u8"), ("ptr", "<u8"), ("size", "<u8")])

_HEADER = struct.Struct("<HHIQQ")
_FIELD = struct.Struct("<B16s1024s")
_VERSION, _INT_FIELD, _CUSTOM_FIELD = 2, 1, 255
_PAGE_BYTES, _LARGEST_PAGE_BYTES = 8 << 20, 1 << 31  # FFCV's pages: powers of 2 below 2**32
_ROWS_AT_A_TIME = 1 << 16


def field_arguments() -> bytes:
    """The 1,024 bytes by which a file says that a field is ours."""
    return struct.pack("<8sI", b"fastpass", 1).ljust(1024, b"\0")


def write_beton(
    pack: Pack,
    path: Path,
    *,
    seek_index: bool = True,
    on_sample: Callable[[int], None] = lambda done: None,
) -> int:
    """All samples of a pack in one new file, in order; returns its bytes.

    The fields are "image", "label" (-1: none) and "sample_id". The same pack gives the same bytes.
    ``seek_index``: whether JPEGs get theirs. ``on_sample`` gets how many are written.

    Raises BadPack for a sample of 2 GiB or more, which no page of FFCV holds, and OSError.
    """
    with path.open("x+b") as file:
        writer = _BetonWriter(file, len(pack), _page_bytes(pack))
        for row, sample in enumerate(pack):
            writer.add(row, sample, core.build_seek_index(sample.data) if seek_index else b"")
            on_sample(row + 1)
        return writer.finish()


def _page_bytes(pack: Pack) -> int:
    """FFCV wants every sample inside of one page."""
    largest = int(pack.image_states[:, 0].max())
    # A seek index takes 2 % at most; keys and JSON are short, or refused when their turn comes.
    page_bytes = _PAGE_BYTES
    while page_bytes < largest + largest // 50 + (1 << 20) and page_bytes < _LARGEST_PAGE_BYTES:
        page_bytes *= 2
    return page_bytes


class _BetonWriter:
    """Puts one sample after another into the pages, and the tables around them at the end."""

    def __init__(self, file: BinaryIO, num_samples: int, page_bytes: int) -> None:
        self._file = file
        self._num_samples, self._page_bytes = num_samples, page_bytes
        self._rows_at = _HEADER.size + 3 * _FIELD.size
        rows_end = self._rows_at + num_samples * _ROW_TYPE.itemsize
        self._at = -(-rows_end // page_bytes) * page_bytes
        self._rows: npt.NDArray[np.void] = np.zeros(_ROWS_AT_A_TIME, _ROW_TYPE)
        self._first_row = 0  # of those in memory

    def add(self, row: int, sample: Sample, seek_index: bytes) -> None:
        key = sample.key.encode("utf-8", "surrogateescape")
        parts = (sample.data, seek_index, key, sample.metadata_json)
        size = sum(map(len, parts))
        if size > self._page_bytes:
            raise BadPack(
                f"{sample.place}: a sample of {size:,} bytes, and the pages of this .beton have "
                f"{self._page_bytes:,}: leave it out with keep="
            )
        if self._at // self._page_bytes != (self._at + size - 1) // self._page_bytes:
            self._at = -(-self._at // self._page_bytes) * self._page_bytes
        if row - self._first_row == _ROWS_AT_A_TIME:
            self._write_rows(row)
        label = -1 if sample.label is None else sample.label
        record = (self._at, *map(len, parts), 0)
        self._rows[row - self._first_row] = (record, label, sample.sample_id)
        self._file.seek(self._at)
        for part in parts:
            self._file.write(part)
        self._at += size

    def _write_rows(self, end: int) -> None:
        self._file.seek(self._rows_at + self._first_row * _ROW_TYPE.itemsize)
        self._file.write(self._rows[: end - self._first_row].tobytes())
        self._first_row = end

    def finish(self) -> int:
        self._write_rows(self._num_samples)
        allocations_at = self._at
        for begin in range(0, self._num_samples, _ROWS_AT_A_TIME):
            count = min(_ROWS_AT_A_TIME, self._num_samples - begin)
            self._file.seek(self._rows_at + begin * _ROW_TYPE.itemsize)
            stored = self._file.read(count * _ROW_TYPE.itemsize)
            images = np.frombuffer(stored, _ROW_TYPE)["f0"]
            allocations = np.zeros(count, _ALLOCATION_TYPE)
            allocations["sample_id"] = np.arange(begin, begin + count)
            allocations["ptr"] = images["ptr"]
            for part in ("image_bytes", "seek_bytes", "key_bytes", "json_bytes"):
                allocations["size"] += images[part]
            self._file.seek(allocations_at + begin * _ALLOCATION_TYPE.itemsize)
            self._file.write(allocations.tobytes())
        num_bytes = self._file.tell()
        self._file.seek(0)
        header = (_VERSION, 3, self._page_bytes, self._num_samples, allocations_at)
        self._file.write(_HEADER.pack(*header))
        self._file.write(_FIELD.pack(_CUSTOM_FIELD, b"image", field_arguments()))
        for name in (b"label", b"sample_id"):
            self._file.write(_FIELD.pack(_INT_FIELD, name, b""))
        return num_bytes
