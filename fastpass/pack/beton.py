"""The .beton of `fastpass pack`, for FFCV: images as they are, each with its seek index."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.files import named_failures, sync, sync_folder
from fastpass.common.interrupts import unfinished
from fastpass.errors import BadArgument, BadPack, WouldOverwrite
from fastpass.pack.beton_format import (
    ALLOCATION_TYPE,
    CUSTOM_FIELD,
    FIELD,
    HEADER,
    INT_FIELD,
    ROW_TYPE,
    VERSION,
    field_arguments,
    is_packed_beton,
)
from fastpass.pack.classes import classes_json
from fastpass.pack.index import is_index
from fastpass.pack.reader import Pack
from fastpass.types import Sample

_PAGE_BYTES, _LARGEST_PAGE_BYTES = 8 << 20, 1 << 31  # FFCV's pages: powers of 2 below 2**32
_MOST_KEY_BYTES = 1 << 16  # as readers have it
_ROWS_AT_A_TIME = 1 << 16


def write_beton(
    pack: Pack,
    path: Path,
    *,
    seek_index: bool = True,
    on_sample: Callable[[int], None] = lambda done: None,
) -> int:
    """All samples of a pack in one new file, in order; returns its bytes.

    The fields are "image", "label" (-1: none) and "sample_id"; the names of classes are stored
    along. The same pack gives the same bytes. ``seek_index``: whether JPEGs get theirs.
    ``on_sample`` gets how many are written.

    Raises BadPack for a sample of more than 2 GiB, which no page of FFCV holds, and OSError.
    """
    largest = int(np.argmax(pack.image_states[:, 0]))
    if pack.image_states[largest, 0] > _LARGEST_PAGE_BYTES:
        raise _too_large(pack.native.describe(largest), int(pack.image_states[largest, 0]))
    names = b"" if pack.class_to_idx is None else classes_json(pack.class_to_idx).encode()
    with path.open("x+b") as file:
        writer = _BetonWriter(file, len(pack), names)
        for row, sample in enumerate(pack):
            writer.add(row, sample, core.build_seek_index(sample.data) if seek_index else b"")
            on_sample(row + 1)
        return writer.finish()


@contextmanager
def new_beton(target: Path, *, force: bool) -> Iterator[Path]:
    """A path whose file, and the index beside it, are moved to ``target`` when the block ends well.

    On any exception both vanish, and ``target`` is as it was. ``force``: ``target`` may be a .beton
    of `fastpass pack`, which is replaced, and nothing else is.

    Raises BadArgument for a name that does not end in ".beton", WouldOverwrite and WriteFailed.
    """
    if target.suffix.lower() != ".beton":
        raise BadArgument(
            f"the output {str(target)!r}: a .beton is one file, so give its name, "
            f"{str(target / 'images.beton')!r} for example"
        )
    target = Path(os.path.abspath(target))
    index = Path(f"{target}.fpi")
    _refuse(target, index, force)
    staging = target.parent / f".{target.name[:48]}.partial-{os.getpid()}"
    with named_failures(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(staging):
            staging.mkdir()
            yield staging / target.name
            for path in staging.iterdir():
                sync(path)
            _refuse(target, index, force)  # again: the work took its time
            index.unlink(missing_ok=True)  # in between, readers do without
            (staging / target.name).replace(target)
            (staging / index.name).replace(index)
        sync_folder(target.parent)


def _refuse(target: Path, index: Path, force: bool) -> None:
    if os.path.lexists(target):
        if not force:
            raise WouldOverwrite(f"'{target}' is there already: choose another output, or --force")
        if target.is_symlink() or not is_packed_beton(target):
            raise WouldOverwrite(
                f"'{target}' is no .beton that `fastpass pack` wrote: --force replaces nothing "
                "else. Move it away, or choose another output"
            )
    if os.path.lexists(index) and not is_index(index):
        raise WouldOverwrite(
            f"'{index}' is no index of fastpass, and would be replaced by one: move it away"
        )


def _too_large(place: str, size: int) -> BadPack:
    return BadPack(
        f"{place}: a sample of {size:,} bytes, and a page of FFCV has {_LARGEST_PAGE_BYTES:,} at "
        "most: leave it out with keep="
    )


class _BetonWriter:
    """Puts one sample after another into the pages, and the tables around them at the end.

    FFCV wants every sample inside of one page. Pages begin at multiples of their size, which
    doubles when a sample needs that: what lay in one page lies in one page still.
    """

    def __init__(self, file: BinaryIO, num_samples: int, names: bytes) -> None:
        self._file = file
        self._num_samples, self._names = num_samples, names
        self._page_bytes = _PAGE_BYTES
        self._rows_at = HEADER.size + 3 * FIELD.size
        self._names_at = self._rows_at + num_samples * ROW_TYPE.itemsize
        self._at = self._names_at + len(names)
        self._begin_page()
        self._rows: npt.NDArray[np.void] = np.zeros(_ROWS_AT_A_TIME, ROW_TYPE)
        self._first_row = 0  # of those in memory

    def _begin_page(self) -> None:
        self._at = -(-self._at // self._page_bytes) * self._page_bytes

    def add(self, row: int, sample: Sample, seek_index: bytes) -> None:
        key = sample.key.encode("utf-8", "surrogateescape")
        if len(key) > _MOST_KEY_BYTES:
            raise BadPack(
                f"{sample.place}: its key has {len(key):,} bytes, and {_MOST_KEY_BYTES:,} are the "
                "most that a .beton holds: leave it out with keep="
            )
        parts = (sample.data, seek_index, key, sample.metadata_json)
        size = sum(map(len, parts))
        if size > _LARGEST_PAGE_BYTES:
            raise _too_large(sample.place, size)
        while size > self._page_bytes:
            self._page_bytes *= 2
        if self._at // self._page_bytes != (self._at + size - 1) // self._page_bytes:
            self._begin_page()
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
        self._file.seek(self._rows_at + self._first_row * ROW_TYPE.itemsize)
        self._file.write(self._rows[: end - self._first_row].tobytes())
        self._first_row = end

    def finish(self) -> int:
        self._write_rows(self._num_samples)
        checksum = zlib.crc32(self._tables_before_rows(0))
        for begin in range(0, self._num_samples, _ROWS_AT_A_TIME):
            count = min(_ROWS_AT_A_TIME, self._num_samples - begin)
            self._file.seek(self._rows_at + begin * ROW_TYPE.itemsize)
            rows = self._file.read(count * ROW_TYPE.itemsize)
            checksum = zlib.crc32(rows, checksum)
            self._write_allocations(begin, np.frombuffer(rows, ROW_TYPE)["f0"])
        num_bytes = self._file.tell()
        self._file.seek(self._names_at)
        self._file.write(self._names)
        self._file.seek(0)
        self._file.write(self._tables_before_rows(zlib.crc32(self._names, checksum)))
        return num_bytes

    def _write_allocations(self, begin: int, images: npt.NDArray[np.void]) -> None:
        """Behind the last sample: the table that FFCV finds the lengths of allocations in."""
        allocations = np.zeros(len(images), ALLOCATION_TYPE)
        allocations["sample_id"] = np.arange(begin, begin + len(images))
        allocations["ptr"] = images["ptr"]
        for part in ("image_bytes", "seek_bytes", "key_bytes", "json_bytes"):
            allocations["size"] += images[part]
        self._file.seek(self._at + begin * ALLOCATION_TYPE.itemsize)
        self._file.write(allocations.tobytes())

    def _tables_before_rows(self, checksum: int) -> bytes:
        header = HEADER.pack(VERSION, 3, self._page_bytes, self._num_samples, self._at)
        arguments = field_arguments(checksum, self._names_at, len(self._names))
        fields = [FIELD.pack(CUSTOM_FIELD, b"image", arguments)]
        fields += [FIELD.pack(INT_FIELD, name, b"") for name in (b"label", b"sample_id")]
        return header + b"".join(fields)
