"""What crosses into native code is checked there: positions, arrays, and the bytes of an index."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest
import xxhash

from fastpass._native import core
from fastpass.errors import BadArgument, BadPack, FastpassError
from fastpass.pack import Pack, build_index


@pytest.fixture
def tar(write_tar, image) -> Path:
    members = {f"{name}/{i}.jpg": image() for name in ("cat", "dog") for i in range(3)}
    return write_tar({**members, "cat/note.txt": b"x", "stray.jpg": image()})


def index_of(tar: Path) -> Path:
    return tar.with_name(tar.name + ".fpi")


def reader(tar: Path, **changed: object):
    arguments = {
        "index_paths": [b""],
        "names": [b"x"],
        "layout": "",
        "keys": "",
        "image_fields": [],
        "label_field": None,
        "builds_indexes": False,
        "lists_left_out": False,
    }
    return core.PackReader([bytes(tar)], **{**arguments, **changed})


@pytest.mark.parametrize(
    "positions",
    [[6], [-1], [1, 1], [2, 1], [0, 1 << 62], [], [[0, 1]], [0.5], [True, False, True, True]],
)
def test_positions_to_select(tar, positions):
    native = reader(tar)
    with pytest.raises((FastpassError, TypeError, ValueError)):
        native.select(np.array(positions))
    assert len(native) == 6
    native.select(np.array([1, 4]))
    assert native.all_keys() == [b"cat/1", b"dog/1"]
    with pytest.raises(BadArgument):
        native.select(np.array([0]))
    with pytest.raises(BadArgument):
        native.set_labels(np.array([0, 0]))


def test_arrays_that_are_not_contiguous(tar):
    native = reader(tar)
    with pytest.raises(TypeError):
        native.select(np.arange(6)[::2])
    native.set_labels(np.arange(12, dtype=np.int64)[:6])
    assert native.labels().tolist() == list(range(6))


@pytest.mark.parametrize("labels", [[0] * 5, [0] * 7, [-2] + [0] * 5, [[0] * 6], [0.0] * 6, []])
def test_labels_to_set(tar, labels):
    native = reader(tar)
    with pytest.raises((FastpassError, TypeError, ValueError)):
        native.set_labels(np.array(labels))
    assert native.labels().tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    "changed",
    [{"index_paths": []}, {"names": []}, {"names": [b"a", b"b"]}, {"layout": "x"}, {"keys": "x"}],
)
def test_arguments_of_the_reader(tar, changed):
    with pytest.raises((BadArgument, ValueError)):
        reader(tar, **changed)


def test_other_arguments(tar):
    with pytest.raises(ValueError, match="num_threads"):
        core.write_index(bytes(tar), bytes(index_of(tar)), with_seek_index=True, num_threads=0)
    native = reader(tar)
    for call in (native.describe_shard, native.info, native.read, native.fetch_metadata):
        for position in (-1, 6, 1 << 62):
            with pytest.raises((IndexError, TypeError)):
                call(position)


def with_checksum(index: bytes) -> bytes:
    return index[:-8] + struct.pack("<Q", xxhash.xxh64(index[:-8]).intdigest())


def test_every_flipped_bit_of_an_index_with_all_sections(tar):
    build_index(tar)
    whole = index_of(tar).read_bytes()
    assert b"image in the root" in whole
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        index_of(tar).write_bytes(damaged)
        with pytest.raises(BadPack):
            Pack(tar)


def test_a_lying_index_is_refused_or_only_lies_about_words(tar):
    build_index(tar)
    whole = index_of(tar).read_bytes()
    draw = random.Random(0)
    for _ in range(600):
        lie = bytearray(whole)
        for _ in range(draw.choice([1, 1, 4])):
            lie[draw.randrange(8, len(lie) - 8)] = draw.choice([0, 1, 0x31, 0x7F, 0x80, 0xFF])
        index_of(tar).write_bytes(with_checksum(bytes(lie)))
        try:
            with Pack(tar) as pack:
                assert len(pack.summary) < 2000
                assert all(len(sample.data) <= tar.stat().st_size for sample in pack)
        except FastpassError:
            continue


@pytest.mark.parametrize("text", [b"", b"2", b"x\0", b"2\0a\0", b"2\0a\x001\0", b"2\0a\x001\x009\0",
                                  b"2\0a\x002\x002\0x\0", b"2\0a\0-1\x000\0"])  # fmt: skip
def test_a_damaged_list_of_files_left_out(tar, text):
    """A section that is cut off, or that promises more than it holds."""
    build_index(tar)
    index = bytearray(index_of(tar).read_bytes())
    for i in range(struct.unpack_from("<I", index, 68)[0]):
        at = 72 + 24 * i
        number, _, offset, num_bytes = struct.unpack_from("<IIQQ", index, at)
        if number == 6:
            index[offset : offset + num_bytes] = text + bytes(num_bytes - len(text))
            struct.pack_into("<Q", index, at + 16, len(text))
    index_of(tar).write_bytes(with_checksum(bytes(index)))
    with pytest.raises(BadPack, match="damaged index"):
        Pack(tar)


def test_an_index_by_older_rules_is_read(write_tar, tmp_path):
    """It has no section 6. Its tar is read by today's rules, and it lends its seek indexes."""
    import io

    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG")
    tar = write_tar({"cat/1.jpg": buffer.getvalue(), "dog/2.jpg": buffer.getvalue()})
    build_index(tar)
    wanted = [(s.key, s.label, s.info, bytes(s.seek_index)) for s in Pack(tar)]
    index = bytearray(index_of(tar).read_bytes())
    for i in range(struct.unpack_from("<I", index, 68)[0]):
        if struct.unpack_from("<I", index, 72 + 24 * i)[0] == 6:
            struct.pack_into("<I", index, 72 + 24 * i, 99)
    index_of(tar).write_bytes(with_checksum(bytes(index)))
    with Pack(tar) as pack:
        assert [(s.key, s.label, s.info, bytes(s.seek_index)) for s in pack] == wanted
        assert pack.unindexed_shards == [str(tar)]
