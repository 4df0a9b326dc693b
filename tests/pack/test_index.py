"""The sidecar index: golden bytes, every damage noticed, staleness, atomic writing."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import xxhash

from fastpass.errors import BadPack, FastpassError, StalePack, WriteFailed
from fastpass.pack import Pack, build_index

# A frame header and nothing else: SOI, SOF0 with 3 components, 2x2 sampling, 7 rows, 5 columns.
TINY_JPEG = bytes.fromhex("ffd8 ffc0 0011 08 0007 0005 03 01 22 00 02 11 00 03 11 00")
MTIME_NS = 1_700_000_000_123_456_789

# docs/format.md, spelled out. A change of a single byte here is a new version of the format.
GOLDEN = """
89 46 50 49 0d 0a 1a 0a                           # magic
01 00 00 00 48 00 00 00                           # version 1, header of 72 bytes
d8 00 00 00 00 00 00 00  00 28 00 00 00 00 00 00  # index of 216 bytes, tar of 10240
15 cd 85 3d fe 9c 97 17  6d a3 c4 94 b2 98 1d 6f  # tar mtime in ns, tar fingerprint
01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  # 1 sample, 0 ignored files
01 00 00 00 02 00 00 00                           # WebDataset layout, 2 sections
01 00 00 00 01 00 00 00                           # section: records, required,
78 00 00 00 00 00 00 00  50 00 00 00 00 00 00 00  # at byte 120, 80 bytes
02 00 00 00 01 00 00 00                           # section: keys, required,
c8 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00  # at byte 200, 1 byte
2d 37 c6 d4 78 62 27 69                           # sample id = XXH64("a") >> 1
00 02 00 00 00 00 00 00  15 00 00 00 00 00 00 00  # image at byte 512, 21 bytes
05 00 00 00 00 00 00 00                           # label 5
00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  # no metadata
00 00 00 00 00 00 00 00  01 00 00 00              # key at byte 0 of the keys, 1 byte
05 00 00 00 07 00 00 00                           # width 5, height 7
01 03 03 00 01 00 00 00 00 00 00 00               # JPEG, 3 components, 4:2:0, sequential, EXIF 1
61 00 00 00 00 00 00 00                           # "a"
2a 76 c9 2f 80 7d 19 36                           # XXH64 of all bytes before
"""


@pytest.fixture
def tiny(write_tar) -> Path:
    path = write_tar({"a.jpg": TINY_JPEG, "a.cls": b"5"}, format=tarfile.USTAR_FORMAT)
    os.utime(path, ns=(MTIME_NS, MTIME_NS))
    build_index(path)
    return path


def index_of(tar: Path) -> Path:
    return tar.with_name(tar.name + ".fpi")


def golden() -> bytes:
    return bytes.fromhex("".join(line.partition("#")[0] for line in GOLDEN.splitlines()))


def observe(tar: Path) -> list[tuple]:
    with Pack(tar) as pack:
        return [
            (s.sample_id, s.key, bytes(s.data), s.info, s.label, bytes(s.metadata_json))
            for s in pack
        ]


def with_checksum(index: bytes) -> bytes:
    return index[:-8] + struct.pack("<Q", xxhash.xxh64(index[:-8]).intdigest())


def test_golden_bytes(tiny):
    assert index_of(tiny).read_bytes() == golden()


def test_golden_hashes_by_another_implementation(tiny):
    index, tar = golden(), tiny.read_bytes()
    assert struct.unpack("<Q", index[-8:])[0] == xxhash.xxh64(index[:-8]).intdigest()
    assert struct.unpack("<q", index[32:40])[0] == MTIME_NS
    assert struct.unpack("<Q", index[40:48])[0] == xxhash.xxh64(tar[:512]).intdigest()
    assert struct.unpack("<q", index[120:128])[0] == xxhash.xxh64(b"a").intdigest() >> 1


def test_an_index_reads_like_a_scan(write_tar, image):
    members = {}
    for i in range(200):
        members[f"f{i % 3}/{i}.jpg"] = image(8 + i, 9)
        members[f"f{i % 3}/{i}.json"] = b'{"i": %d}' % i
    tar = write_tar(members)
    scanned = observe(tar)
    build_index(tar)
    assert observe(tar) == scanned
    assert [info.width for _, _, _, info, _, _ in scanned] == [8 + i for i in range(200)]


def test_the_same_tar_gives_the_same_index(tiny):
    first = index_of(tiny).read_bytes()
    build_index(tiny)
    assert index_of(tiny).read_bytes() == first


def test_damaged_images_are_indexed(write_tar, image):
    tar = write_tar({"a.jpg": b"no image", "b.jpg": image(), "c.jpg": b""})
    report = build_index(tar)
    assert (report.num_samples, report.num_unreadable) == (3, 2)
    with Pack(tar) as pack:
        assert [sample.info is None for sample in pack] == [True, False, True]
        assert [len(sample.data) for sample in pack] == [8, len(image()), 0]


def test_formats_that_older_readers_do_not_know(write_tar, image):
    """Their headers are left out of the index, which is otherwise as it was."""
    tar = write_tar({"a.gif": image(8, 8, "GIF"), "b.jpg": image()})
    assert build_index(tar).num_samples == 2
    index = index_of(tar).read_bytes()
    records = struct.unpack_from("<Q", index, 72 + 8)[0]
    assert index[records + 60 : records + 80] == bytes(20)
    assert index[records + 80 + 68] == 1


def test_every_flipped_bit_is_noticed(tiny):
    index = golden()
    with index_of(tiny).open("r+b", buffering=0) as file:
        for at in range(len(index)):
            for bit in range(8):
                os.pwrite(file.fileno(), bytes([index[at] ^ 1 << bit]), at)
                with pytest.raises(BadPack, match=r"run `fastpass index .*x\.tar` again"):
                    Pack(tiny)
            os.pwrite(file.fileno(), index[at : at + 1], at)
    assert len(Pack(tiny)) == 1


def test_every_truncation_is_noticed(tiny):
    for length in range(len(golden())):
        index_of(tiny).write_bytes(golden()[:length])
        with pytest.raises(BadPack, match=r"x\.tar\.fpi"):
            Pack(tiny)


def test_a_lying_index_never_leads_outside_the_tar(tiny):
    """Every byte set to hostile values, with a right checksum: refused, or only numbers differ."""
    num_refused = 0
    for at in range(8, len(golden()) - 8):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            lie = bytearray(golden())
            lie[at] = value
            index_of(tiny).write_bytes(with_checksum(bytes(lie)))
            try:
                samples = observe(tiny)
            except FastpassError:
                num_refused += 1
                continue
            assert all(len(data) <= 10240 and len(key) == 1 for _, key, data, *_ in samples)
    assert num_refused > 500  # the rest: widths, labels, offsets inside the tar


@pytest.mark.parametrize(
    ("at", "what", "message"),
    [
        (8, struct.pack("<I", 2), "index of version 2, this fastpass reads 1"),
        (48, struct.pack("<Q", 1 << 60), "missing or incomplete section"),
        (68, struct.pack("<I", 0xFFFFFFFF), "impossible header"),
        (72, struct.pack("<II", 99, 1), "needs section 99"),
        (80, struct.pack("<Q", 1 << 63), "impossible section"),
        (80, struct.pack("<Q", 124), "impossible section"),
        (96, struct.pack("<I", 1), "impossible section"),  # records twice
        (120, struct.pack("<Q", 1), "the sample id does not belong to the key"),
        (128, struct.pack("<Q", 10240), "the image lies outside of its file"),
        (128, struct.pack("<Q", 0), "the image lies outside of its file"),
        (136, struct.pack("<Q", (1 << 64) - 1), "the image lies outside of its file"),
        (152, struct.pack("<QQ", 1, (1 << 64) - 1), "the metadata lie outside of their file"),
        (168, struct.pack("<Q", (1 << 64) - 1), "the key lies outside its section"),
        (144, struct.pack("<q", -2), "the label is outside its range"),
        (184 + 4, b"\x09", "the image header is impossible"),
    ],
)
def test_impossible_values_with_a_right_checksum(tiny, at, what, message):
    lie = bytearray(golden())
    lie[at : at + len(what)] = what
    index_of(tiny).write_bytes(with_checksum(bytes(lie)))
    with pytest.raises(BadPack, match=message):
        Pack(tiny)


def test_unknown_sections_are_passed_over_unless_required(tiny):
    """Room for what comes: old readers keep reading new files."""
    wanted = observe(tiny)
    for flags in (0, 1):
        index = bytearray(golden()[:-8])
        index[72:72] = struct.pack("<IIQQ", 5, flags, len(index) + 24, 8)
        index += b"whatever"
        struct.pack_into("<Q", index, 16, len(index) + 8)
        struct.pack_into("<I", index, 68, 3)
        for at in (96 + 8, 120 + 8):  # the other two sections moved
            struct.pack_into("<Q", index, at, struct.unpack_from("<Q", index, at)[0] + 24)
        index_of(tiny).write_bytes(with_checksum(bytes(index) + bytes(8)))
        if flags == 0:
            assert observe(tiny) == wanted
        else:
            with pytest.raises(BadPack, match="needs section 5"):
                Pack(tiny)


def restore_time(tar: Path) -> None:
    os.utime(tar, ns=(MTIME_NS, MTIME_NS))


def grow(tar: Path) -> None:
    with tar.open("ab") as file:
        file.write(bytes(512))
    restore_time(tar)


def replace_member(tar: Path) -> None:
    data = tar.read_bytes()
    header = tarfile.TarInfo("a.jpg")
    header.size, header.mtime = len(TINY_JPEG), 1
    tar.write_bytes(header.tobuf(tarfile.USTAR_FORMAT) + data[512:])
    restore_time(tar)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (grow, "the tar had 10240 bytes and has 10752"),
        (replace_member, "the tar has other members"),
    ],
)
def test_stale_index(tiny, change, message):
    change(tiny)
    with pytest.raises(StalePack, match=message) as caught:
        Pack(tiny)
    assert f"run `fastpass index {tiny}` again" in str(caught.value)
    build_index(tiny)
    assert len(Pack(tiny)) == 1


def test_unwritable_index_leaves_nothing(write_tar, image):
    """A name that leaves no room for the ending fails for root, too."""
    tar = write_tar({"a.jpg": image()}, name="x" * 249 + ".tar")
    with pytest.raises(WriteFailed, match="File name too long"):
        build_index(tar)
    assert os.listdir(tar.parent) == [tar.name]


BUILD_UNDER_LIMIT = """
import resource, sys
from fastpass.errors import WriteFailed
from fastpass.pack import build_index
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # Python ignores SIGXFSZ: writes fail
try:
    build_index(sys.argv[1])
except WriteFailed as error:
    print(error)
"""


def test_full_disk_keeps_the_old_index(write_tar, image):
    tar = write_tar({f"{i}.jpg": image() for i in range(100)})
    build_index(tar)
    old = index_of(tar).read_bytes()
    assert len(old) > 4096
    run = subprocess.run(
        [sys.executable, "-c", BUILD_UNDER_LIMIT, tar], capture_output=True, text=True, check=True
    )
    assert f"cannot write '{tar}.fpi': File too large" in run.stdout
    assert index_of(tar).read_bytes() == old
    assert sorted(os.listdir(tar.parent)) == ["x.tar", "x.tar.fpi"]
