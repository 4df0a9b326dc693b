"""A Pack as a container: positions, slices, keys, keep lists, pickling."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from pathlib import Path

import numpy as np
import pytest

import fastpass as fp
from fastpass.errors import BadArgument, BadPack, ReadFailed
from fastpass.pack import Pack, keep_list_bytes, read_keep_list


@pytest.fixture
def pack(write_tar, image):
    members = {f"{folder}/{i}.jpg": image(8 + i) for folder in ("cat", "dog") for i in range(5)}
    with Pack(write_tar(members)) as pack:
        yield pack


def test_positions_and_slices(pack):
    keys = [f"{folder}/{i}" for folder in ("cat", "dog") for i in range(5)]
    assert pack.sample_keys == [sample.key for sample in pack] == keys
    for chosen in (slice(2, 5), slice(None, None, -3), slice(-2, None), slice(50, 60)):
        assert [sample.key for sample in pack[chosen]] == keys[chosen]
    for i in range(-10, 10):
        for number in (i, np.int64(i), np.int8(i)):
            assert pack[number].key == keys[i]
    assert [sample.key for sample in reversed(pack)] == keys[::-1]
    for wrong in ("cat/0", 1.0, None, np.float64(1)):
        with pytest.raises(TypeError, match="an integer or a slice"):
            _ = pack[wrong]
    for outside in (10, -11, np.int64(10)):
        with pytest.raises(IndexError, match="of a pack of 10 samples"):
            _ = pack[outside]


def test_keys(pack, write_tar, image):
    assert "cat/0" in pack
    assert "cat/9" not in pack
    for other in (0, None, b"cat/0", 1.5, ["cat/0"]):
        assert other not in pack
    assert pack[3] in pack
    with Pack(write_tar({"x.jpg": image()}, name="y.tar")) as another:
        assert another[0] not in pack
    assert [pack.index(key) for key in ("cat/0", "dog/4")] == [0, 9]
    for wrong in ("nothing", 5, ["cat/0"]):
        with pytest.raises(BadArgument, match="no sample of this pack has the key"):
            pack.index(wrong)


def test_keep(pack, tmp_path):
    with Pack(pack.paths, keep=["dog/3", "cat/1", "dog/3", "dog/4"]) as kept:
        assert kept.sample_keys == ["cat/1", "dog/3", "dog/4"]
        assert kept.sample_ids.tolist() == [int(pack.sample_ids[i]) for i in (1, 8, 9)]
        assert (kept.labels.tolist(), kept.class_names) == ([0, 1, 1], ["cat", "dog"])
        assert (kept.shard_begins, len(kept), kept[-1].key) == ([0, 3], 3, "dog/4")
        assert [s.info.width for s in kept] == [9, 11, 12]
        kept.native.read(2)
        assert "dog/0" not in kept
        assert pickle.loads(pickle.dumps(kept)).sample_keys == kept.sample_keys
        assert kept.fingerprint != pack.fingerprint
    (tmp_path / "keep.txt").write_text("dog/3\ncat/1\n")
    assert Pack(pack.paths, keep=tmp_path / "keep.txt").sample_keys == ["cat/1", "dog/3"]
    with pytest.raises(
        BadPack, match=r"'.*keep\.txt': 1 of 2 keys are not in the source: 'x\.jpg'"
    ):
        (tmp_path / "keep.txt").write_text("dog/3\nx.jpg\n")
        Pack(pack.paths, keep=str(tmp_path / "keep.txt"))
    with pytest.raises(BadPack, match="no sample is kept"):
        Pack(pack.paths, keep=[])
    with pytest.raises(ReadFailed, match="nothing"):
        Pack(pack.paths, keep=tmp_path / "nothing")
    for wrong in (5, [5], [b"x"]):
        with pytest.raises(BadArgument, match="keep"):
            Pack(pack.paths, keep=wrong)


def test_keep_of_several_shards(write_tar, image):
    tars = [write_tar({f"{s}{i}.jpg": image() for i in range(3)}, name=f"{s}.tar") for s in "abc"]
    with Pack(tars, keep=["a2", "c0", "c2"]) as pack:
        assert (pack.shard_begins, pack.sample_keys) == ([0, 1, 1, 3], ["a2", "c0", "c2"])
        assert [pack[i].key for i in range(3)] == pack.sample_keys
    recipe = fp.recipes.evaluation(size=8, resize=8)
    with fp.Loader(pack_of(tars), recipe, batch_size=3, shuffle=False, threads=2) as loader:
        assert [i for batch in loader for i in batch.sample_ids.tolist()] == [
            int(i) for i in pack_of(tars).sample_ids
        ]


def pack_of(tars: list[Path]) -> Pack:
    return Pack(tars, keep=["a2", "c0", "c2"])


STRANGE = ["plain", "a b", "ä", "caf\udce9", "new\nline", "cr\r", "\udcff\n", "'", "#x", " lead "]


def test_lists_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "keys"
    path.write_bytes(keep_list_bytes(STRANGE, zero_bytes=True))
    assert read_keep_list(path) == STRANGE
    lines = [key for key in STRANGE if "\n" not in key]
    path.write_bytes(keep_list_bytes(lines))
    assert read_keep_list(path) == lines
    with pytest.raises(BadArgument, match=r"'new\\nline' holds a newline"):
        keep_list_bytes(STRANGE)
    path.write_bytes(keep_list_bytes(["\ufeffa", "b"]))
    assert read_keep_list(path) == ["\ufeffa", "b"]
    for content, wanted in [
        (b"", []),
        (b"a", ["a"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\0", ["a"]),
        (b"\xef\xbb\xbfa\r\n\r\nb\r\n\r\n", ["a", "b"]),
        (b"a\n\nb\n\n", ["a", "b"]),
    ]:
        path.write_bytes(content)
        assert read_keep_list(path) == wanted


def test_every_key_can_be_kept(write_tar, image, tmp_path):
    with Pack(write_tar({f"{key}.jpg": image() for key in STRANGE})) as pack:
        assert sorted(pack.sample_keys) == sorted(STRANGE)
        (tmp_path / "keys").write_bytes(keep_list_bytes(pack.sample_keys, zero_bytes=True))
        assert Pack(pack.paths, keep=tmp_path / "keys").sample_keys == pack.sample_keys


def length_elsewhere(pack: Pack) -> tuple[int, str, list[str] | None]:
    return len(pack), pack[1].key, pack.class_names


def test_a_pack_travels_to_other_processes(pack, monkeypatch, tmp_path):
    chosen = Pack(pack.paths, keep=pack.sample_keys[2:], classes={"cat": 5, "dog": 3}, label=None)
    wanted = (8, "cat/3", ["", "", "", "dog", "", "cat"])
    for other in (copy.copy(chosen), pickle.loads(pickle.dumps(chosen))):
        assert length_elsewhere(other) == wanted
        assert other.labels.tolist() == chosen.labels.tolist() == [5, 5, 5, 3, 3, 3, 3, 3]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(length_elsewhere, (chosen,)) == wanted
    chosen.close()
    assert "closed" in repr(pickle.loads(pickle.dumps(chosen)))


def test_long_names_make_no_long_message(pack):
    for options in ({"keep": ["k" * 500, "l" * 500]}, {"label": "z" * 900}):
        with pytest.raises(BadPack) as caught:
            Pack(pack.paths, **options)
        assert len(str(caught.value)) <= 400 + len(str(pack.paths[0]))
