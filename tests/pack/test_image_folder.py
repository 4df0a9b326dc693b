"""Folders of images."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import xxhash

from fastpass.errors import BadPack, ImageTooLarge, ReadFailed
from fastpass.pack import Pack


@pytest.fixture
def folder(tmp_path, image):
    def write(*names: str) -> Path:
        root = tmp_path / "photos"
        for i, name in enumerate(names):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(image(8 + i))
        return root

    return write


def test_order_keys_and_ids(folder):
    root = folder("b/2.jpg", "a/10.JPEG", "a/9.png", "a.b/c.d.webp", "a/x/1.jpg")
    with Pack(root) as pack:
        keys = [sample.key for sample in pack]
        assert keys == ["a.b/c.d", "a/10", "a/9", "a/x/1", "b/2"]
        ids = [xxhash.xxh64(key.encode()).intdigest() >> 1 for key in keys]
        assert pack.sample_ids.tolist() == ids == [sample.sample_id for sample in pack]
        assert [sample.info.width for sample in pack] == [11, 9, 10, 12, 8]
        assert pack.unindexed_shards == []


def test_labels_are_the_first_folders(folder):
    with Pack(folder("dog/1.jpg", "cat/deep/2.jpg", "dog/3.jpg")) as pack:
        assert pack.class_names == ["cat", "dog"]
        assert pack.labels.tolist() == [0, 1, 1]
        assert (pack[0].label, pack.num_classes) == (0, 2)


@pytest.mark.parametrize(
    "names", [("dog/1.jpg", "2.jpg"), ("PASS_dataset/0/1.jpg", "PASS_dataset/1/2.jpg")]
)
def test_no_labels(folder, names):
    with Pack(folder(*names)) as pack:
        assert pack.labels.tolist() == [-1, -1]
        assert (pack[0].label, pack.class_names, pack.num_classes) == (None, None, 0)


def test_unpacked_pass_release(folder):
    root = folder("PASS_dataset/0/1.jpg", "PASS_dataset/1/2.jpg")
    with Pack(f"{root}/PASS_dataset/") as pack:
        assert pack.labels.tolist() == [-1, -1]


def test_metadata_beside_the_image(folder):
    root = folder("a.jpg", "b.jpg")
    (root / "a.json").write_text('{"title": "A"}')
    (root / "orphan.json").write_text("{}")
    with Pack(root) as pack:
        assert [sample.metadata for sample in pack] == [{"title": "A"}, {}]


def test_equal_names_keep_their_extensions(folder):
    root = folder("a/1.jpg", "a/1.png", "a/1.k.jpg", "a/2.jpg", "b/1.jpg")
    (root / "a/1.json").write_text('{"title": "both"}')
    with Pack(root) as pack:
        assert [sample.key for sample in pack] == ["a/1.jpg", "a/1.k", "a/1.png", "a/2", "b/1"]
        assert len(set(pack.sample_ids.tolist())) == 5
        assert pack[0].metadata == {"title": "both"}


def test_links(folder):
    root = folder("a/1.jpg")
    (root / "b").symlink_to(root / "a")
    (root / "note").symlink_to(root / "nowhere")
    assert len(Pack(root)) == 2
    (root / "a/around").symlink_to(root)
    with pytest.raises(BadPack, match="a symbolic link to a folder around it"):
        Pack(root)


def test_links_to_nothing_are_counted(folder):
    root = folder("a/1.jpg", "b/3.jpg")
    (root / "a/2.jpg").symlink_to(root / "nowhere")
    (root / "a/loop.png").symlink_to(root / "a/loop.png")
    (root / "b/x.jpg").symlink_to(root / "a/1.jpg/x")
    (root / "b/3.cls").symlink_to("gone")
    (root / "c").symlink_to("gone")
    with Pack(root) as pack:
        assert (pack.sample_keys, pack.class_names) == (["a/1", "b/3"], ["a", "b"])
        assert pack.skipped_files == {"link to nothing": 5}
        assert pack.summary.endswith("left out: 5 links to nothing")
        found = pack.list_skipped_files()["link to nothing"]
        assert found == ["a/2.jpg", "a/loop.png", "b/3.cls", "b/x.jpg", "c"]


def test_a_folder_with_only_links_to_nothing(tmp_path):
    (tmp_path / "1.jpg").symlink_to("gone")
    with pytest.raises(BadPack, match="no image"):
        Pack(tmp_path)


def test_names_that_are_not_utf8(tmp_path, image):
    os.makedirs(os.fsencode(tmp_path) + b"/photos/caf\xe9")
    with open(os.fsencode(tmp_path) + b"/photos/caf\xe9/\xff.jpg", "wb") as file:
        file.write(image())
    with Pack(tmp_path / "photos") as pack:
        assert pack[0].key == "caf\udce9/\udcff"
        assert pack.class_names == ["caf\udce9"]
        assert "caf\\xe9/\\xff.jpg" in pack[0].place
        os.unlink(os.fsencode(tmp_path) + b"/photos/caf\xe9/\xff.jpg")
        with pytest.raises(ReadFailed, match=r"\\xe9.*No such file"):
            _ = pack[0]


def test_files_that_change_or_lie(folder):
    root = folder("1.jpg", "2.jpg", "3.jpg", "4.jpg")
    with Pack(root) as pack:
        (root / "1.jpg").unlink()
        (root / "2.jpg").write_bytes(b"")
        os.truncate(root / "3.jpg", 1 << 40)  # a hole, no allocation
        with pytest.raises(ReadFailed, match=r"1\.jpg"):
            _ = pack[0]
        assert (len(pack[1].data), pack[1].info) == (0, None)
        with pytest.raises(ImageTooLarge, match=r"3\.jpg.*more than 1 GiB"):
            _ = pack[2]
        assert pack[3].info.width == 11


def test_a_pipe_is_no_image(folder):
    root = folder("1.jpg")
    os.mkfifo(root / "pipe.jpg")
    assert len(Pack(root)) == 1
