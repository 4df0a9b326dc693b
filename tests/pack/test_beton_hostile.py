"""Damaged and lying .beton files: the right images, or an error that names file and byte."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import fastpass as fp
from fastpass.pack.writer import pack_folder

HEADER, FIELD, ROW, ALLOCATION = 24, 1041, 48, 24
ROWS_AT = HEADER + 3 * FIELD
ARGUMENTS_AT = HEADER + 17
NUM_SAMPLES = 3
Found = list[tuple[str, bytes, int | None, bytes]]


@dataclass
class Beton:
    """A small one that is changed in place, and what it held before."""

    path: Path
    found: Found
    names: dict[str, int]

    @property
    def names_at(self) -> int:
        return ROWS_AT + NUM_SAMPLES * ROW

    @property
    def names_end(self) -> int:
        return self.names_at + int.from_bytes(self.bytes_at(ARGUMENTS_AT + 24, 8), "little")

    @property
    def allocations_at(self) -> int:
        return int.from_bytes(self.bytes_at(16, 8), "little")

    def bytes_at(self, offset: int, count: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(count)

    def put(self, offset: int, content: bytes) -> bytes:
        """Returns what was there."""
        with self.path.open("r+b", buffering=0) as file:
            file.seek(offset)
            before = file.read(len(content))
            file.seek(offset)
            file.write(content)
        return before

    def seal(self) -> None:
        """Make the checksum right, so that other checks have to find what is wrong."""
        self.put(ARGUMENTS_AT + 12, bytes(4))
        checksum = zlib.crc32(self.bytes_at(0, self.names_end))
        self.put(ARGUMENTS_AT + 12, struct.pack("<I", checksum))


def read(path: Path) -> tuple[Found, dict[str, int] | None]:
    with fp.Pack(path, index="ignore") as pack:
        found = [(s.key, bytes(s.data), s.label, bytes(s.metadata_json)) for s in pack]
        return found, pack.class_to_idx


@pytest.fixture
def beton(tmp_path: Path, image) -> Beton:
    for i in range(NUM_SAMPLES):
        photo = tmp_path / "root" / f"class_{i}" / f"{i}.jpg"
        photo.parent.mkdir(parents=True)
        photo.write_bytes(image(8 + i))
        photo.with_suffix(".json").write_text(f'{{"n": {i}}}')
    path = tmp_path / "x.beton"
    pack_folder(tmp_path / "root", path, to="beton")
    found, names = read(path)
    assert names is not None
    return Beton(path, found, names)


def assert_names_file_and_byte(beton: Beton, error: fp.FastpassError) -> None:
    assert str(beton.path) in str(error)
    if "which has no name" in str(error):  # of all samples with this label
        return
    assert error.byte_offset is not None, error


# ---- every byte of the tables -------------------------------------------------------------------


def changes(beton: Beton) -> Iterator[tuple[int, int]]:
    """(offset, what is xored onto that byte): all bytes but those of the images."""
    few = set(range(HEADER)) | set(range(ROWS_AT, beton.names_end))
    for field in range(3):
        few |= set(range(HEADER + field * FIELD, HEADER + field * FIELD + 17 + 32))
    few |= set(range(beton.allocations_at, beton.path.stat().st_size))
    for offset in sorted(few):
        yield from ((offset, value) for value in (0x01, 0x10, 0x80, 0xFF))
    for offset in sorted(set(range(beton.names_end)) - few):
        yield offset, 0xFF


def test_every_changed_byte_is_found_or_does_no_harm(beton: Beton) -> None:
    harmless = []
    for offset, value in changes(beton):
        (before,) = beton.bytes_at(offset, 1)
        beton.put(offset, bytes([before ^ value]))
        try:
            assert read(beton.path) == (beton.found, beton.names), offset
            harmless.append(offset)
        except fp.FastpassError as error:
            assert_names_file_and_byte(beton, error)
        beton.put(offset, bytes([before]))
    assert harmless == []
    assert read(beton.path) == (beton.found, beton.names)


def test_every_changed_byte_without_a_checksum(beton: Beton) -> None:
    """As in files of FFCV's own writer: images are the right ones all the same."""
    beton.put(ARGUMENTS_AT + 12, bytes(4))
    images = [data for _, data, _, _ in beton.found]
    for offset, value in changes(beton):
        (before,) = beton.bytes_at(offset, 1)
        beton.put(offset, bytes([before ^ value]))
        try:
            assert [data for _, data, _, _ in read(beton.path)[0]] == images, offset
        except fp.FastpassError as error:
            assert_names_file_and_byte(beton, error)
        beton.put(offset, bytes([before]))


# ---- cut off ------------------------------------------------------------------------------------


def test_cut_off_at_every_border(beton: Beton) -> None:
    whole = beton.path.read_bytes()
    first_image = struct.unpack_from("<Q", whole, ROWS_AT)[0]
    borders = [0, HEADER, *(HEADER + i * FIELD for i in (1, 2, 3))]
    borders += [ROWS_AT + i * ROW for i in range(NUM_SAMPLES + 1)]
    borders += [beton.names_at, beton.names_end, first_image, beton.allocations_at]
    borders += [beton.allocations_at + i * ALLOCATION for i in range(NUM_SAMPLES)]
    for border in borders:
        for size in (border - 1, border, border + 1):
            if not 0 <= size < len(whole):
                continue
            beton.path.write_bytes(whole[:size])
            with pytest.raises(fp.BadPack) as caught:
                read(beton.path)
            assert_names_file_and_byte(beton, caught.value)


# ---- lies ---------------------------------------------------------------------------------------

LIMIT = """
import resource, sys
import fastpass as fp
fp.Pack(sys.argv[2], index="ignore").close() if sys.argv[2] else None
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + (256 << 20),) * 2)
try:
    fp.Pack(sys.argv[1], index="ignore")
except fp.BadPack as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("offset", "content"),
    [
        (8, struct.pack("<Q", 1 << 30)),  # samples
        (8, struct.pack("<Q", (1 << 64) - 1)),
        (16, struct.pack("<Q", 24 * 50_000)),  # where allocations begin
        (16, struct.pack("<Q", (1 << 64) - 24)),
        (2, struct.pack("<H", 1024)),  # fields
        (ARGUMENTS_AT + 24, struct.pack("<Q", 1 << 25)),  # bytes of names
        (ARGUMENTS_AT + 24, struct.pack("<Q", (1 << 64) - 1)),
        (ARGUMENTS_AT + 16, struct.pack("<Q", (1 << 64) - 1)),
    ],
)
def test_lies_in_a_large_file_take_no_memory(beton: Beton, offset: int, content: bytes) -> None:
    """A hundred gigabytes of zeros, in which every count has room."""
    good = beton.path.with_name("good.beton")
    good.write_bytes(beton.path.read_bytes())
    table = beton.bytes_at(beton.allocations_at, NUM_SAMPLES * ALLOCATION)
    with beton.path.open("r+b") as file:
        file.truncate(100_000_000_080)
        file.seek(100_000_000_080 - len(table))
        file.write(table)
    beton.put(16, struct.pack("<Q", 100_000_000_080 - len(table)))
    beton.put(offset, content)
    run = subprocess.run(
        [sys.executable, "-c", LIMIT, beton.path, good], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert str(beton.path) in run.stdout
    assert re.search(r"\(byte \d+\)", run.stdout), run.stdout


@pytest.mark.parametrize("label", [-2, -(1 << 63), (1 << 53) + 1])
def test_impossible_labels_are_refused_by_sample(beton: Beton, label: int) -> None:
    beton.put(ROWS_AT + ROW + 32, struct.pack("<q", label))
    beton.seal()
    with pytest.raises(fp.BadPack) as caught:
        read(beton.path)
    assert f"the sample 'class_1/1' (row 1) has the label {label}, wanted" in str(caught.value)
    assert f"(byte {ROWS_AT + ROW + 32})" in str(caught.value)
    with fp.Pack(beton.path, index="ignore", label="none") as pack:
        assert set(pack.labels.tolist()) == {-1}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (b"[1]", "no object from name to label"),
        (b'{"a": -4}', "wanted 0 or more"),
        (b'{"a": 0, "b": 0}', "two names have the same label"),
        (b'{"a"', "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[" * 5000, "damaged"),
    ],
)
def test_damaged_names_of_classes(beton: Beton, names: bytes, words: str) -> None:
    beton.put(beton.names_at, names)
    beton.put(ARGUMENTS_AT + 24, struct.pack("<Q", len(names)))
    beton.seal()
    with pytest.raises(fp.BadPack, match=words) as caught:
        read(beton.path)
    assert_names_file_and_byte(beton, caught.value)


def test_a_label_without_a_name(beton: Beton) -> None:
    beton.put(ROWS_AT + 32, struct.pack("<q", 9))
    beton.seal()
    with pytest.raises(fp.BadPack, match="has the label 9, which has no name"):
        read(beton.path)


def test_a_file_without_samples(beton: Beton) -> None:
    beton.put(8, bytes(8))
    with pytest.raises(fp.BadPack, match=r"it has no samples \(byte 8\)"):
        read(beton.path)


def test_rows_that_share_an_allocation(beton: Beton) -> None:
    """One row would show the image of another."""
    beton.put(ROWS_AT + ROW, beton.bytes_at(ROWS_AT, 32))
    beton.seal()
    with pytest.raises(fp.BadPack, match="row 1 and the table of allocations disagree"):
        read(beton.path)


# ---- what is unusual, and right -----------------------------------------------------------------


def test_images_behind_4_gib(beton: Beton) -> None:
    """The same file with its samples moved: a sparse file takes no room on the disk."""
    shift = 5 << 30
    start = struct.unpack("<Q", beton.bytes_at(ROWS_AT, 8))[0]
    allocations_at, size = beton.allocations_at, beton.path.stat().st_size
    images = beton.bytes_at(start, allocations_at - start)
    table = bytearray(beton.bytes_at(allocations_at, size - allocations_at))
    for i in range(NUM_SAMPLES):
        (offset,) = struct.unpack_from("<Q", table, i * ALLOCATION + 8)
        struct.pack_into("<Q", table, i * ALLOCATION + 8, offset + shift)
        beton.put(ROWS_AT + i * ROW, struct.pack("<Q", offset + shift))
    beton.put(16, struct.pack("<Q", allocations_at + shift))
    with beton.path.open("r+b") as file:
        file.truncate(size + shift)
    beton.put(start + shift, images + bytes(table))
    beton.seal()
    assert read(beton.path) == (beton.found, beton.names)


def test_keys_that_are_not_utf_8(tmp_path: Path, write_tar, image) -> None:
    members = {"caf\udce9/\udcff.jpg": image(8), "\U0001f600/b.jpg": image(9)}
    tar = write_tar(members)
    pack_folder(tar, tmp_path / "y.beton", to="beton")
    assert read(tmp_path / "y.beton")[0] == read(tar)[0]
    assert [key for key, *_ in read(tmp_path / "y.beton")[0]] == [
        "caf\udce9/\udcff",
        "\U0001f600/b",
    ]


def test_a_key_that_no_beton_holds(tmp_path: Path, write_tar, image) -> None:
    tar = write_tar({"a.jpg": image(), "x" * 65_537 + ".jpg": image()})
    with pytest.raises(fp.BadPack, match="its key has 65,537 bytes, and 65,536 are the most"):
        pack_folder(tar, tmp_path / "y.beton", to="beton")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.tar"]
