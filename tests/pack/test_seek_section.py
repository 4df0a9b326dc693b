"""Seek indexes in the .fpi: optional, validated, the same for any number of threads."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
import xxhash
from click.testing import CliRunner
from support.pictures import jpeg

import fastpass as fp
from fastpass.errors import BadArgument, BadPack, BadSeekIndex
from fastpass.pack import Pack, build_index, pack_folder
from fastpass.pack.commands import index_command, pack_command

SEEK_SECTION = 4
READING_SECTION = 6


@pytest.fixture
def photos(tmp_path: Path, image) -> Path:
    """Nine photos of many sizes, a PNG, a JPEG too small for an index, and one that is damaged."""
    root = tmp_path / "photos"
    root.mkdir()
    for i in range(9):
        (root / f"{i}.jpg").write_bytes(jpeg(i, 150 + 20 * i, 200))
    (root / "large.png").write_bytes(image(300, 300, "PNG"))
    (root / "small.jpg").write_bytes(image(8, 8))
    (root / "torn.jpg").write_bytes(jpeg(99, 300, 300)[:-2000])
    return root


@pytest.fixture
def tar(photos: Path, write_tar) -> Path:
    return write_tar({path.name: path.read_bytes() for path in sorted(photos.iterdir())})


def index_of(tar: Path) -> Path:
    return tar.with_name(tar.name + ".fpi")


def sections_of(index: bytes) -> dict[int, tuple[int, bytes]]:
    """id -> flags and bytes, after docs/format.md."""
    count = struct.unpack_from("<I", index, 68)[0]
    found = {}
    for i in range(count):
        number, flags, offset, size = struct.unpack_from("<IIQQ", index, 72 + 24 * i)
        found[number] = flags, index[offset : offset + size]
    return found


def with_checksum(index: bytes) -> bytes:
    return index[:-8] + struct.pack("<Q", xxhash.xxh64(index[:-8]).intdigest())


def test_the_section_byte_by_byte(tar: Path) -> None:
    report = build_index(tar)
    assert (report.num_samples, report.num_seek_indexes) == (12, 9)
    flags, section = sections_of(index_of(tar).read_bytes())[SEEK_SECTION]
    assert flags == 0  # older readers pass over it
    offsets = struct.unpack_from("<13Q", section)
    assert offsets[0] == 13 * 8
    assert offsets[-1] == len(section)
    with Pack(tar) as pack:
        for sample, begin, end in zip(pack, offsets[:-1], offsets[1:], strict=True):
            index = fp.build_seek_index(sample.data) if sample.key.isdigit() else b""
            assert section[begin:end] == index
            assert (sample.seek_index or b"") == index
            assert bool(index) == sample.key.isdigit()


def test_samples_without_one(tar: Path, photos: Path) -> None:
    assert {sample.seek_index for sample in Pack(photos)} == {None}
    assert {sample.seek_index for sample in Pack(tar)} == {None}  # no index file yet
    build_index(tar, seek_index=False)
    assert {sample.seek_index for sample in Pack(tar)} == {None}


def test_without_seek_indexes_the_file_is_as_before(tar: Path) -> None:
    """The other sections do not change, and no section is there where it would hold nothing."""
    with_section = build_index(tar)
    new = sections_of(index_of(tar).read_bytes())
    without = build_index(tar, seek_index=False)
    old = sections_of(index_of(tar).read_bytes())
    assert (with_section.num_seek_indexes, without.num_seek_indexes) == (9, 0)
    assert old.keys() == {1, 2, READING_SECTION}
    assert new.keys() == {1, 2, SEEK_SECTION, READING_SECTION}
    assert all(new[number] == old[number] for number in old)


def test_a_tar_of_small_images_has_no_section(write_tar, image) -> None:
    tar = write_tar({f"{i}.jpg": image() for i in range(20)})
    assert build_index(tar).num_seek_indexes == 0
    assert sections_of(index_of(tar).read_bytes()).keys() == {1, 2, READING_SECTION}


def test_the_same_for_any_number_of_threads(tar: Path) -> None:
    indexes = []
    for threads in (1, 2, 7, None):
        build_index(tar, threads=threads)
        indexes.append(index_of(tar).read_bytes())
    assert len(set(indexes)) == 1
    with pytest.raises(BadArgument, match="threads = 0"):
        build_index(tar, threads=0)


def test_more_samples_than_are_made_at_a_time(write_tar) -> None:
    """2500 samples in runs of 1024: every sample keeps its own."""
    pictures = [jpeg(i, 120 + 10 * i, 160) for i in range(3)]
    tar = write_tar({f"{i:04d}.jpg": pictures[i % 3] for i in range(2500)})
    indexes = [fp.build_seek_index(picture) for picture in pictures]
    assert all(indexes)
    build_index(tar)
    with Pack(tar) as pack:
        for i in (0, 1, 1022, 1023, 1024, 1025, 2047, 2048, 2499):
            assert pack[i].seek_index == indexes[i % 3]


def test_a_seek_index_outlives_its_pack(tar: Path) -> None:
    build_index(tar)
    with Pack(tar) as pack:
        seek_index = pack[3].seek_index
        data = bytes(pack[3].data)
    del pack
    assert seek_index.readonly
    assert fp.decode_jpeg(data, index=seek_index).shape == (210, 200, 3)


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (0, 0),  # into the table itself
        (0, 13 * 8 + 1),
        (5, 13 * 8),  # before the one of sample 4
        (5, 1 << 40),
        (12, 1 << 63),
        (12, None),  # one byte too few
    ],
)
def test_lying_offsets(tar: Path, offset: int, value: int | None) -> None:
    build_index(tar)
    lie = bytearray(index_of(tar).read_bytes())
    section = sections_of(lie)[SEEK_SECTION][1]
    at = lie.index(section) + 8 * offset
    struct.pack_into("<Q", lie, at, len(section) - 1 if value is None else value)
    index_of(tar).write_bytes(with_checksum(bytes(lie)))
    with pytest.raises(BadPack, match="seek index.*run `fastpass index .*` again"):
        Pack(tar)


def test_a_section_without_room_for_its_table(tar: Path) -> None:
    build_index(tar)
    lie = bytearray(index_of(tar).read_bytes())
    struct.pack_into("<Q", lie, 72 + 3 * 24 + 16, 13 * 8 - 1)
    index_of(tar).write_bytes(with_checksum(bytes(lie)))
    with pytest.raises(BadPack, match="incomplete section"):
        Pack(tar)


def overwrite(tar: Path, offset: int, data: bytes) -> None:
    """As a tool does that puts the time back: neither size nor time nor headers tell."""
    times = tar.stat()
    with tar.open("r+b") as file:
        file.seek(offset)
        file.write(data)
    os.utime(tar, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_an_image_changed_behind_its_index_fails_by_name(tar: Path) -> None:
    build_index(tar)
    with Pack(tar) as pack:
        keys = [sample.key for sample in pack]
        changed = bytes(pack[4].data)
        offset = tar.read_bytes().index(changed)
    other = bytearray(changed)
    other[len(other) // 2] ^= 1
    overwrite(tar, offset, bytes(other))
    recipe = fp.recipes.evaluation(size=32, resize=32)  # looks at the whole image
    wanted = rf"x\.tar: {keys[4]} .*seek index belongs to another file.*build it again"
    with fp.Loader(tar, recipe, batch_size=6, shuffle=False, threads=2) as loader:
        for _ in range(2):  # not only the first time it is seen
            with pytest.raises(BadSeekIndex, match=wanted):
                list(loader)
    with fp.Loader(tar, recipe, batch_size=6, threads=2, on_error="skip") as loader:
        for _ in range(2):
            assert sum(len(batch.sample_ids) for batch in loader) == 10  # the torn one fails, too


def test_loader_views_do_not_depend_on_the_index(tar: Path) -> None:
    recipe = fp.recipes.rrc(size=32)
    views = []
    for seek_index in (False, True):
        build_index(tar, seek_index=seek_index)
        with fp.Loader(tar, recipe, batch_size=12, threads=2, on_error="skip") as loader:
            views.append([batch.views[0].numpy().tobytes() for _ in range(2) for batch in loader])
    assert views[0] == views[1]


def run(command, *arguments: object):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_flags_of_both_commands(tar: Path, photos: Path, tmp_path: Path) -> None:
    result = run(index_command, tar)
    assert result.exit_code == 0
    assert "12 samples (folder), 9 seekable" in result.stdout
    result = run(index_command, "--no-seek-index", "--json", tar)
    assert json.loads(result.stdout)["shards"][0]["num_seek_indexes"] == 0
    for number, (flags, wanted) in enumerate([((), 9), (("--no-seek-index",), 0)]):
        target = tmp_path / f"out{number}"
        result = run(pack_command, photos, "-o", target, "--json", *flags)
        assert json.loads(result.stdout)["shards"][0]["num_seek_indexes"] == wanted
        assert sum(sample.seek_index is not None for sample in Pack(target)) == wanted


def test_pack_folder_makes_the_same_index_every_time(photos: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        pack_folder(photos, tmp_path / name, shard_samples=5)
    found = []
    for path in sorted((tmp_path / "a").glob("*.fpi")):
        first, second = (sections_of((tmp_path / n / path.name).read_bytes()) for n in "ab")
        assert first == second
        found.append(SEEK_SECTION in first)
    assert found == [True, True, False]  # the last one holds the small one and the torn one
