"""fp.Pack: sources, positions, life time, threads, and files that change while open."""

from __future__ import annotations

import gc
import os
import pickle
import random
import threading
from pathlib import Path

import numpy as np
import pytest

from fastpass.errors import BadArgument, BadPack, Closed, ReadFailed, StalePack
from fastpass.pack import Pack, build_index


@pytest.fixture
def shards(write_tar, image, tmp_path) -> Path:
    (tmp_path / "shards").mkdir()
    for shard in range(3):
        members = {f"{shard}{i}.jpg": image(8 + shard, 8 + i) for i in range(5)}
        write_tar(members, name=f"shards/{shard}.tar")
    return tmp_path / "shards"


def test_all_ways_to_name_the_same_shards(shards):
    paths = sorted(shards.glob("*.tar"))
    wanted = [f"{shard}{i}" for shard in range(3) for i in range(5)]
    for source in (shards, str(shards), f"{shards}/*.tar", paths, [f"{shards}/[01].tar", paths[2]]):
        with Pack(source) as pack:
            assert [sample.key for sample in pack] == wanted
            assert pack.paths == [str(path) for path in paths]


def test_positions(shards):
    with Pack(shards) as pack:
        assert len(pack) == 15
        assert pack[-1].key == pack[14].key == pack[np.int64(14)].key == "24"
        assert [pack[i].key for i in range(-15, 0)] == [sample.key for sample in pack]
        for position in (15, -16, 1 << 70):
            with pytest.raises(IndexError, match="of a pack of 15 samples"):
                _ = pack[position]
        with pytest.raises(TypeError):
            _ = pack["00"]


@pytest.mark.parametrize("source", ["missing.tar", "missing/*.tar", "missing"])
def test_no_match(tmp_path, source):
    with pytest.raises(BadPack, match="missing"):
        Pack(tmp_path / source)


def test_empty_sources(tmp_path):
    (tmp_path / "empty/inside/.hidden").mkdir(parents=True)
    (tmp_path / "empty/note.txt").write_text("no image")
    (tmp_path / "empty/inside/.hidden/a.jpg").write_bytes(b"x")
    with pytest.raises(BadPack, match=r"no image .* in this folder or below"):
        Pack(tmp_path / "empty")
    with pytest.raises(BadArgument, match="at least one path"):
        Pack([])


def test_data_outlive_the_pack(shards):
    build_index(shards / "0.tar")
    pack = Pack(shards)
    sample, wanted = pack[0], bytes(pack[0].data)
    native = pack.native
    pack.close()
    with pytest.raises(Closed, match="closed"):
        _ = pack[0]
    with pytest.raises(Closed):
        _ = pack.labels
    del pack, native
    gc.collect()
    assert bytes(sample.data) == wanted
    assert sample.data.readonly
    assert str(shards / "0.tar") in Path("/proc/self/maps").read_text()
    del sample
    gc.collect()
    assert str(shards) not in Path("/proc/self/maps").read_text()


def test_data_are_not_copied(shards):
    with Pack(shards) as pack:
        first, again = np.asarray(pack[3].data), np.asarray(pack[3].data)
        assert first.ctypes.data == again.ctypes.data


def test_thousands_of_shards_need_no_descriptors(shards):
    with Pack(shards) as pack:
        targets = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
        assert len(pack) == 15
        assert not [target for target in targets if target.startswith(str(shards))]


def test_a_tar_that_shrinks_while_open(shards):
    with Pack(shards) as pack:
        os.truncate(shards / "1.tar", 700)
        with pytest.raises((ReadFailed, StalePack), match=r"1\.tar' was (shortened|changed)"):
            _ = pack[7]
        assert pack[0].info.width == 8  # the next good input still works
        assert pack[14].info.width == 10


def test_a_tar_that_is_deleted_or_replaced_while_open(shards, image, write_tar):
    with Pack(shards) as pack:
        wanted = [bytes(sample.data) for sample in pack]
        (shards / "1.tar").unlink()
        (shards / "2.tar").unlink()
        write_tar({"z.jpg": b""}, name="shards/2.tar")
        assert [bytes(sample.data) for sample in pack] == wanted


def test_many_threads_read_the_same_pack(shards, image, tmp_path):
    (tmp_path / "folder").mkdir()
    for i in range(20):
        (tmp_path / f"folder/photo{i:02}.jpg").write_bytes(image(30 + i))
    with Pack([shards, tmp_path / "folder"]) as pack:
        wanted = [(sample.key, bytes(sample.data)) for sample in pack]
        failures: list[BaseException] = []

        def read(seed: int) -> None:
            try:
                for i in random.Random(seed).choices(range(len(pack)), k=300):
                    assert (pack[i].key, bytes(pack[i].data)) == wanted[i]
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures


def test_fingerprint_follows_keys_sizes_and_order(write_tar, image):
    def fingerprint(members: dict[str, bytes]) -> str:
        with Pack(write_tar(members)) as pack:
            return pack.fingerprint

    first = fingerprint({"a.jpg": b"12", "b.jpg": b"3"})
    assert first == fingerprint({"a.jpg": b"99", "b.jpg": b"9"})  # sizes, not bytes
    assert len(first) == 16
    others = [
        {"b.jpg": b"3", "a.jpg": b"12"},
        {"a.jpg": b"1", "b.jpg": b"23"},
        {"a.jpg": b"12"},
        {"a.jpg": b"12", "c.jpg": b"3"},
    ]
    assert len({first, *map(fingerprint, others)}) == 5


def test_pickle_and_repr(shards):
    pack = Pack(shards)
    copy = pickle.loads(pickle.dumps(pack))
    assert copy.fingerprint == pack.fingerprint
    assert repr(pack) == "<Pack of 3 shards, 15 samples>"
    pack.close()
    assert repr(pack) == "<Pack of 3 shards, closed>"


def test_labels_are_read_only(shards):
    with Pack(shards) as pack, pytest.raises(ValueError, match="read-only"):
        pack.labels[0] = 1


def test_native_positions_are_checked(shards):
    native = Pack(shards).native
    for read in (native.label, native.sample_id, native.describe, native.key, native.fetch):
        for position in (-1, 15):
            with pytest.raises(IndexError):
                read(position)
    with pytest.raises(IndexError):
        native.describe_shard(3)
