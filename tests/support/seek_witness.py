"""A second reader of seek indexes, after docs/format.md, and of the bits they point at."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xxhash
from PIL import Image

HEADER = struct.Struct("<4sIQQI4h4BBBH")


@dataclass(frozen=True)
class Entry:
    mcu: int
    bit_offset: int
    dc: tuple[int, ...]


@dataclass(frozen=True)
class SeekIndex:
    mcus_per_entry: int
    jpeg_bytes: int
    jpeg_hash: int
    entries: list[Entry]


def read_index(index: bytes) -> SeekIndex:
    """All entries, read one after the other from one large number."""
    assert struct.unpack("<I", index[-4:])[0] == xxhash.xxh64(index[:-4]).intdigest() & 0xFFFFFFFF
    magic, step, jpeg_bytes, jpeg_hash, count, *fields = HEADER.unpack_from(index)
    dc_min, dc_bits, (base_bits, offset_bits, zero) = fields[:4], fields[4:8], fields[8:]
    assert (magic, zero, HEADER.size) == (b"FSI\x01", 0, 44)
    number, position = int.from_bytes(index[44:-4], "little"), 0

    def take(width: int) -> int:
        nonlocal position
        value = number >> position & ((1 << width) - 1)
        position += width
        return value

    bases = [take(base_bits) for _ in range((count + 15) // 16 + 1)]
    entries = []
    for i in range(count):
        base, next_base = bases[i // 16], bases[i // 16 + 1]
        line = base + (next_base - base) * (i % 16) // 16
        bit_offset = line + take(offset_bits) - (1 << offset_bits >> 1)
        dc = tuple(low + take(width) for low, width in zip(dc_min, dc_bits, strict=True))
        entries.append(Entry(i * step, bit_offset, dc))
    assert len(index) == 44 + (position + 7) // 8 + 4
    return SeekIndex(step, jpeg_bytes, jpeg_hash, entries)


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker segments up to the first SOS."""
    at, marker = 2, 0
    while marker != 0xDA:
        marker, length = struct.unpack_from(">xBH", jpeg, at)
        yield marker, jpeg[at + 4 : at + 2 + length]
        at += 2 + length


def first_dc_codes(jpeg: bytes) -> dict[str, int]:
    """The codes of DC table 0, as strings of 0 and 1."""
    for marker, payload in segments(jpeg):
        while marker == 0xC4 and payload:
            counts, values = payload[1:17], payload[17 : 17 + sum(payload[1:17])]
            if payload[0] == 0:
                codes, code, at = {}, 0, 0
                for length, count in enumerate(counts, 1):
                    for value in values[at : at + count]:
                        codes[f"{code:0{length}b}"] = value
                        code += 1
                    at += count
                    code <<= 1
                return codes
            payload = payload[17 + sum(counts) :]
    raise AssertionError("no DC table 0")


def dc_difference_at(jpeg: bytes, bit_offset: int) -> int:
    """The DC difference that a decoder finds when it starts at this bit of the file."""
    data = jpeg[bit_offset // 8 :][:64].replace(b"\xff\x00", b"\xff")
    bits = "".join(f"{byte:08b}" for byte in data)[bit_offset % 8 :]
    codes = first_dc_codes(jpeg)
    length = next(n for n in range(1, 17) if bits[:n] in codes)
    size = codes[bits[:length]]
    value = int(bits[length : length + size] or "0", 2)
    return value if size == 0 or value >> (size - 1) else value - (1 << size) + 1


def block_means(jpeg: bytes, mode: str) -> npt.NDArray[np.uint8]:
    """[rows, columns, components]: what libjpeg makes of the DC coefficients alone."""
    with Image.open(io.BytesIO(jpeg)) as image:
        image.draft(mode, (image.width // 8, image.height // 8))
        means = np.asarray(image)
    return means.reshape(*means.shape[:2], -1)


def mean_of_dc(dc: int, step: int) -> int:
    """The pixel of a block scaled to 1x1: DC / 8, rounded, around 128."""
    return min(max((dc * step + 4 >> 3) + 128, 0), 255)


def dc_steps(jpeg: bytes) -> dict[int, int]:
    """The first step of every (8-bit) quantization table."""
    steps = {}
    for marker, payload in segments(jpeg):
        while marker == 0xDB and payload:
            assert payload[0] < 4
            steps[payload[0]] = payload[1]
            payload = payload[65:]
    return steps
