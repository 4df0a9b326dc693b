"""Indexes elsewhere, in memory, or none; copies, and content that changed behind an index."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastpass.errors import StalePack, WriteFailed
from fastpass.pack import Pack, build_index


@pytest.fixture
def tar(write_tar) -> Path:
    """Images large enough to have seek indexes."""
    draw = np.random.default_rng(0)
    members = {}
    for i in range(6):
        buffer = io.BytesIO()
        Image.fromarray(draw.integers(0, 256, (200, 200, 3), dtype=np.uint8)).save(buffer, "JPEG")
        members[f"{i}.jpg"] = buffer.getvalue()
        members[f"{i}.cls"] = str(i).encode()
    return write_tar(members)


def index_of(tar: Path) -> Path:
    return tar.with_name(tar.name + ".fpi")


def test_an_index_elsewhere(tar, tmp_path):
    report = build_index(tar, index_dir=tmp_path / "indexes")
    assert report.index == f"{tmp_path}/indexes{tar}.fpi"
    assert not index_of(tar).exists()
    assert Pack(tar).unindexed_shards == [str(tar)]
    with Pack(tar, index_dir=tmp_path / "indexes") as pack:
        assert pack.unindexed_shards == []
        assert pack[0].seek_index
    with Pack(tar, index_dir=tmp_path / "nothing") as pack:
        assert pack.unindexed_shards == [str(tar)]


def test_an_index_in_memory_or_none(tar):
    wanted = build_index(tar)
    expected = [bytes(sample.seek_index) for sample in Pack(tar)]
    index_of(tar).write_bytes(b"damaged")
    before = sorted(os.listdir(tar.parent))
    with Pack(tar, index="memory") as pack:
        assert [bytes(sample.seek_index) for sample in pack] == expected
        assert len(pack) == wanted.num_samples
    with Pack(tar, index="ignore") as pack:
        assert {sample.seek_index for sample in pack} == {None}
        assert pack.labels.tolist() == list(range(6))
    assert sorted(os.listdir(tar.parent)) == before


def test_a_copy_with_another_time_keeps_its_index(tar, tmp_path):
    build_index(tar)
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy/x.tar"
    shutil.copyfile(tar, copy)
    shutil.copyfile(index_of(tar), index_of(copy))
    os.utime(copy, ns=(1, 1))
    with Pack(copy) as pack:
        assert pack.unindexed_shards == []
        assert [bytes(sample.data) for sample in pack] == [bytes(s.data) for s in Pack(tar)]
        assert pack[5].seek_index


def test_a_folder_that_cannot_be_written_to(tar):
    long = tar.with_name("x" * 249 + ".tar")  # its index would have too long a name
    tar.rename(long)
    with pytest.raises(WriteFailed, match="File name too long; index_dir= or --index-dir puts"):
        build_index(long)


def flip(tar: Path, at: int) -> None:
    with tar.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_a_change_of_equal_size_is_noticed(tar):
    build_index(tar)
    with Pack(tar) as pack:
        places = [tar.read_bytes().index(bytes(sample.data)) for sample in pack]
    for place in places:
        flip(tar, place + 5000)
        with pytest.raises(StalePack, match='is another image.*index="ignore"'):
            Pack(tar)
        flip(tar, place + 5000)
    assert len(Pack(tar)) == 6


def test_a_label_changed_in_place_is_noticed(tar):
    build_index(tar)
    content = tar.read_bytes()
    at = content.index(b"3.cls") + 512
    assert content[at : at + 1] == b"3"
    flip(tar, at)
    with pytest.raises(StalePack, match="other members"):
        Pack(tar)
    assert Pack(tar, index="ignore").labels.tolist() == [0, 1, 2, 2, 4, 5]


def test_fingerprints(tmp_path, image):
    root = tmp_path / "photos"
    root.mkdir()
    pictures = {name: image(64, 64, quality=90) for name in "abc"}
    for name, data in pictures.items():
        (root / f"{name}.jpg").write_bytes(data)
    os.utime(root / "b.jpg", ns=(5, 5))

    def prints(source: Path) -> dict[str, str]:
        with Pack(source) as pack:
            assert pack.fingerprint == pack.fingerprint_of("sizes")
            return {kind: pack.fingerprint_of(kind) for kind in ("sizes", "times", "content")}

    before = prints(root)
    assert len(set(before.values())) == 3
    shutil.copytree(root, tmp_path / "copy", copy_function=shutil.copyfile)
    copied = prints(tmp_path / "copy")
    assert [copied[k] == before[k] for k in before] == [True, False, True]
    changed = bytearray(pictures["b"])
    changed[len(changed) // 2] ^= 1
    (root / "b.jpg").write_bytes(changed)  # the size stays
    after = prints(root)
    assert [after[k] == before[k] for k in before] == [True, False, False]
    os.utime(root / "b.jpg", ns=(5, 5))
    assert prints(root)["times"] == before["times"]  # what only the content tells
    with Pack(root) as pack:
        states = pack.image_states
        assert states.shape == (3, 3)
        assert states[:, 0].tolist() == [len(data) for data in pictures.values()]
        assert states[1, 1] == 5
        assert states[:, 2].tolist() == [(root / f"{n}.jpg").stat().st_ino for n in pictures]
