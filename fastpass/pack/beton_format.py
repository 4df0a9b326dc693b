"""What stands where in a .beton of `fastpass pack`; docs/format.md has it byte by byte.

The format is FFCV's, version 2. FFCV is not needed.
"""

from __future__ import annotations

import json
import os
import struct
from typing import BinaryIO

import numpy as np

from fastpass.errors import BadPack
from fastpass.pack.classes import ClassToIdx, checked_classes

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
ROW_TYPE = np.dtype([("f0", FIELD_TYPE), ("f1", "<i8"), ("f2", "<i8")], align=True)
ALLOCATION_TYPE = np.dtype([("sample_id", "<u8"), ("ptr", "<u8"), ("size", "<u8")])

HEADER = struct.Struct("<HHIQQ")
FIELD = struct.Struct("<B16s1024s")
# Our name, the version of the field, the checksum of the tables, where the names of classes are.
_ARGUMENTS = struct.Struct("<8sIIQQ")
_OURS = (b"fastpass", 1)
VERSION, INT_FIELD, CUSTOM_FIELD = 2, 1, 255
_MOST_FIELDS = 1024
_MOST_NAMES_BYTES = 1 << 26  # as beton_scan.cpp and classes.json have it


def field_arguments(checksum: int = 0, names_at: int = 0, names_bytes: int = 0) -> bytes:
    """The 1,024 bytes by which a file says that a field is ours. Zeros: it has none of that."""
    return _ARGUMENTS.pack(*_OURS, checksum, names_at, names_bytes).ljust(1024, b"\0")


def is_our_field(arguments: bytes) -> bool:
    """Whether these arguments, of a field of kind 255, are those of our field."""
    return _ARGUMENTS.unpack_from(arguments)[:2] == _OURS


def is_packed_beton(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as those do that `fastpass pack` writes: it may be made again."""
    try:
        with open(path, "rb") as file:
            arguments = _our_arguments(file)
    except OSError:
        return False
    return arguments is not None and arguments[2] != 0


def read_class_names(path: str) -> ClassToIdx | None:
    """The label of each class name that is stored in a .beton; None where it has none.

    Raises BadPack where the names are damaged, or the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            arguments = _our_arguments(file)
            if arguments is None or arguments[4] == 0:
                return None
            names_at, num_bytes = arguments[3:]
            file_bytes = os.fstat(file.fileno()).st_size
            if num_bytes > _MOST_NAMES_BYTES or names_at + num_bytes > file_bytes:
                raise _bad_names(path, "they would lie outside of the file", names_at)
            file.seek(names_at)
            stored = file.read(num_bytes)
    except OSError as error:
        raise BadPack(f"cannot read {path!r}: {error.strerror or error}") from error
    try:
        names = json.loads(stored)
        if not isinstance(names, dict):
            raise ValueError("they are no object from name to label")
        return checked_classes(names, "the names of classes")
    except (ValueError, RecursionError) as error:
        raise _bad_names(path, str(error), names_at) from error


def _bad_names(path: str, reason: str, names_at: int) -> BadPack:
    return BadPack(
        f"{path!r}: the names of its classes are damaged: {reason}", byte_offset=names_at
    )


def _our_arguments(file: BinaryIO) -> tuple[bytes, int, int, int, int] | None:
    """Those of the first field of ours, at whatever place FFCV's writer was told to put it."""
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    version, num_fields = HEADER.unpack(header)[:2]
    if version != VERSION or num_fields > _MOST_FIELDS:
        return None
    for _ in range(num_fields):
        field = file.read(FIELD.size)
        if len(field) < FIELD.size:
            return None
        kind, _, arguments = FIELD.unpack(field)
        if kind == CUSTOM_FIELD and is_our_field(arguments):
            found: tuple[bytes, int, int, int, int] = _ARGUMENTS.unpack_from(arguments)
            return found
    return None
