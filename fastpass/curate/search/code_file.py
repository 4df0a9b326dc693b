"""Codes on disk: a file that grows, is mapped to be read, and is searched in bounded memory.

Layout, little-endian: 32 bytes of header (magic, version, bytes per code, number of codes, kind of
the codes, the checksum of these), then the codes one behind the other. Version 1 had no kind; such
a file is read, and becomes version 2 when codes are appended. Codes are appended and brought to the
disk before the header counts them, so that a program that ends in between leaves the file as it
was.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_choice, require_integer
from fastpass.common.files import write_file
from fastpass.common.processors import available_processors
from fastpass.curate.search.codes import MAX_CODES
from fastpass.curate.search.hamming_index import HammingIndex
from fastpass.curate.search.pairs import Pairs
from fastpass.errors import BadArgument, BadPack, FastpassError, ReadFailed, WriteFailed

_MAGIC = b"FPCODES\n"
_HEADERS = {1: struct.Struct("<8sIIQ"), 2: struct.Struct("<8sIIQI")}
_HASHES = ("pdq", "pdq_fast", "phash", "dhash", "ahash", "whash")
UPRIGHT = ":upright"  # of images that were turned by their EXIF orientation first
# By their number in a header.
CODE_KINDS = ("", *_HASHES, *(name + UPRIGHT for name in _HASHES))
_HEADER_BYTES = 32
_ROWS_PER_QUERY = 1 << 22

Part = tuple[int, int, int, int]


class CodeFile:
    """A file of codes of one size.

    ``kind`` is the name of the hash that they are, with ":upright" behind it where images were
    turned by their EXIF orientation first; "" where none is recorded.

    Args:
        path: of the file; made by :meth:`create`.

    Raises:
        ReadFailed: no such file; BadPack: it is no file of codes, or damaged, with the offset.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.code_bytes, self._size, self.kind = self._read_header()

    @classmethod
    def create(cls, path: str | os.PathLike[str], code_bytes: int, *, kind: str = "") -> CodeFile:
        """An empty file; refuses to overwrite one."""
        require_choice("kind", kind, CODE_KINDS)
        code_bytes = require_integer("code_bytes", code_bytes, 8, 1024)
        if code_bytes % 8 != 0:
            raise BadArgument(f"code_bytes is {code_bytes}, wanted a multiple of 8")
        if os.path.lexists(path):
            raise WriteFailed(f"cannot make {path}: it is there already")
        return cls(write_file(path, _header(code_bytes, 0, kind)))

    def __len__(self) -> int:
        return self._size

    def append(self, codes: npt.ArrayLike, *, kind: str | None = None) -> None:
        """Add codes, uint8 ``[N, code_bytes]``, behind those that there are.

        ``kind``: of all codes of the file, where none is recorded in it. Raises BadArgument;
        WriteFailed, also where another program has changed the file since it was opened.
        """
        kind = self.kind if kind is None else kind
        require_choice("kind", kind, CODE_KINDS)
        if self.kind not in ("", kind):
            raise BadArgument(f"{self.path} holds codes of {self.kind}, not of {kind}")
        array = np.ascontiguousarray(codes)
        if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != self.code_bytes:
            raise BadArgument(
                f"codes are {array.dtype} {list(array.shape)}, wanted uint8 "
                f"[number, {self.code_bytes}]"
            )
        if self._size + len(array) > MAX_CODES:
            raise BadArgument(f"a file of codes holds at most {MAX_CODES}")
        try:
            with self.path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if self._read_header() != (self.code_bytes, self._size, self.kind):
                    raise WriteFailed(f"{self.path} was changed by another program: open it again")
                file.seek(_HEADER_BYTES + self._size * self.code_bytes)
                file.write(array.tobytes())
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                file.write(_header(self.code_bytes, self._size + len(array), kind))
                file.flush()
                os.fsync(file.fileno())
        except FastpassError:
            raise
        except OSError as error:
            raise WriteFailed(f"cannot write {self.path}: {error.strerror or error}") from error
        self._size += len(array)
        self.kind = kind

    def codes(self) -> npt.NDArray[np.uint8]:
        """All of them, ``[N, code_bytes]``: a mapping of the file, not a copy."""
        shape = (self._size, self.code_bytes)
        if self._size == 0:
            return np.empty(shape, dtype=np.uint8)
        return np.memmap(self.path, dtype=np.uint8, mode="r", offset=_HEADER_BYTES, shape=shape)

    def query(self, codes: npt.ArrayLike, radius: int, *, threads: int | None = None) -> Pairs:
        """Matches of ``codes`` in the file, as ``HammingIndex.query``; reads it in pieces."""
        all_codes = self.codes()
        found = [
            _shifted(HammingIndex(piece, threads=threads).query(codes, radius), begin)
            for begin, piece in _pieces(all_codes)
        ]
        return _merged(found)

    def parts(self, radius: int, *, memory_bytes: int) -> list[Part]:
        """Independent pieces of the work of :meth:`pairs`, each within ``memory_bytes``."""
        radius = require_integer("radius", radius, 0, 8 * self.code_bytes)
        memory_bytes = require_integer("memory_bytes", memory_bytes, 1 << 20, 1 << 50)
        return [
            (slot, first, second, bits)
            for slot, first, second, bits in core.plan_slot_parts(
                num_codes=self._size,
                num_words=self.code_bytes // 8,
                radius=radius,
                memory_bytes=memory_bytes,
            )
        ]

    def part_pairs(self, part: Part, radius: int, *, threads: int | None = None) -> Pairs:
        """The pairs of one part, sorted; every pair of the file is in exactly one part."""
        radius = require_integer("radius", radius, 0, 8 * self.code_bytes)
        return Pairs(
            *core.slot_part_pairs(
                np.asarray(self.codes()).view(np.uint64),
                part,
                radius=radius,
                num_threads=available_processors() if threads is None else threads,
            )
        )

    def pairs(
        self,
        radius: int,
        *,
        memory_bytes: int = 4 << 30,
        threads: int | None = None,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Pairs:
        """All pairs within ``radius``, part by part; equal codes are pairs like all others.

        Memory: ``memory_bytes``, and the pairs themselves.
        """
        parts = self.parts(radius, memory_bytes=memory_bytes)
        found = []
        for done, part in enumerate(parts):
            on_progress(done, len(parts))
            found.append(self.part_pairs(part, radius, threads=threads))
        on_progress(len(parts), len(parts))
        return _merged(found)

    def _read_header(self) -> tuple[int, int, str]:
        try:
            with self.path.open("rb") as file:
                header = file.read(_HEADER_BYTES)
                file_bytes = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise ReadFailed(f"cannot read {self.path}: {error.strerror or error}") from error
        if len(header) < _HEADER_BYTES or header[:8] != _MAGIC:
            raise BadPack(f"{self.path} is no file of codes", byte_offset=0)
        version = int.from_bytes(header[8:12], "little")
        if version not in _HEADERS:
            raise BadPack(f"{self.path}: its header is damaged", byte_offset=8)
        _, _, code_bytes, size, *number = _HEADERS[version].unpack_from(header)
        is_known = all(n < len(CODE_KINDS) for n in number)
        kind = CODE_KINDS[number[0]] if number and is_known else ""
        if not is_known or header != _header(code_bytes, size, kind, version):
            raise BadPack(f"{self.path}: its header is damaged", byte_offset=8)
        wanted = _HEADER_BYTES + size * code_bytes
        if file_bytes < wanted:
            raise BadPack(f"{self.path} is cut off: {wanted} bytes wanted", byte_offset=file_bytes)
        return code_bytes, size, kind


def _header(code_bytes: int, size: int, kind: str, version: int = 2) -> bytes:
    numbers = [CODE_KINDS.index(kind)] if version == 2 else []
    fields = _HEADERS[version].pack(_MAGIC, version, code_bytes, size, *numbers)
    return (fields + struct.pack("<I", zlib.crc32(fields))).ljust(_HEADER_BYTES, b"\0")


def _pieces(
    codes: npt.NDArray[np.uint8],
) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    for begin in range(0, len(codes), _ROWS_PER_QUERY):
        yield begin, np.asarray(codes[begin : begin + _ROWS_PER_QUERY])


def _shifted(pairs: Pairs, begin: int) -> Pairs:
    return Pairs(pairs.first, pairs.second + begin, pairs.distance)


def _merged(found: list[Pairs]) -> Pairs:
    if not found:
        none = np.empty(0, dtype=np.int64)
        return Pairs(none, none, np.empty(0, dtype=np.int32))
    first, second, distance = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort((second, first))
    return Pairs(first[order], second[order], distance[order])
