"""Labels and the names behind them, beside torchvision's ImageFolder."""

from __future__ import annotations

import json
import logging
import os
import random
from pathlib import Path

import pytest

from fastpass.errors import BadArgument, BadPack
from fastpass.pack import Pack, pack_folder


@pytest.fixture
def folder(tmp_path, image):
    def write(*names: str, root: str = "photos") -> Path:
        for i, name in enumerate(names):
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not name.endswith("/"):
                path.write_bytes(image(8 + i) if path.suffix == ".jpg" else b"1")
            else:
                path.mkdir(exist_ok=True)
        return tmp_path / root

    return write


def test_class_folders_without_images_count(folder, caplog):
    root = folder("bird/note.txt", "cat/1.jpg", "dog/2.jpg", "emu/")
    with caplog.at_level(logging.WARNING, "fastpass"), Pack(root) as pack:
        assert pack.class_names == ["bird", "cat", "dog", "emu"]
        assert pack.class_to_idx == {"bird": 0, "cat": 1, "dog": 2, "emu": 3}
        assert (pack.labels.tolist(), pack.num_classes) == ([1, 2], 4)
    assert [record.getMessage() for record in caplog.records] == [
        f"{root}: 2 of 4 classes have no image: 'bird', 'emu'"
    ]


def test_splits_are_no_classes(folder, caplog):
    root = folder("train/cat/1.jpg", "val/cat/2.jpg")
    with caplog.at_level(logging.WARNING, "fastpass"):
        assert Pack(root).class_names == ["train", "val"]
    assert "its classes are called 'train', 'val'; give one of these folders" in caplog.text


def test_damaged_images_hold_their_class(folder):
    root = folder("ape/1.jpg", "cat/2.jpg")
    (root / "ape/1.jpg").write_bytes(b"no image")
    assert Pack(root).class_to_idx == {"ape": 0, "cat": 1}


@pytest.mark.parametrize("seed", range(20))
def test_the_same_as_torchvision(folder, seed):
    datasets = pytest.importorskip("torchvision.datasets")
    draw = random.Random(seed)
    names = ["a", "B", "ä", "10", "9", "a b", "a.b", "\udce9", "\U0001f600", "\uff21", "z"]
    chosen = draw.sample(names, draw.randint(2, len(names)))
    files = [f"{c}/{draw.choice(['', 'deep/', 'x.y/'])}{i}.jpg" for c in chosen for i in range(2)]
    root = folder(*files, *[f"{c}/" for c in draw.sample(names, 3)])
    wanted = datasets.ImageFolder(root, allow_empty=True)
    with Pack(root) as pack:
        assert pack.class_to_idx == wanted.class_to_idx
        assert pack.class_names == wanted.classes
        found = {f"{root}/{s.key}.jpg": s.label for s in pack}
        assert found == dict(wanted.samples)


def test_given_classes(folder):
    root = folder("cat/1.jpg", "dog/2.jpg")
    train = Pack(folder("ape/0.jpg", "cat/1.jpg", "dog/2.jpg", root="train"))
    for classes in (["ape", "cat", "dog"], {"dog": 2, "cat": 1, "ape": 0}, train):
        with Pack(root, classes=classes) as pack:
            assert pack.labels.tolist() == [1, 2]
            assert pack.class_names == ["ape", "cat", "dog"]
            assert [sample.label for sample in pack] == [1, 2]
    with Pack(root, classes={"cat": 281, "dog": 207}) as pack:
        assert (pack.labels.tolist(), pack.num_classes) == ([281, 207], 282)
        assert pack.class_names[207] == "dog"
    with pytest.raises(BadPack, match=r"'dog' is not among the given classes 'cat'"):
        Pack(root, classes=["cat"])


@pytest.mark.parametrize(
    "classes", [["a", "a"], [1], {"a": -1}, {"a": 1.5}, {"a": True}, {"a": 0, "b": 0}, [], 5]
)
def test_classes_that_are_none(folder, classes):
    with pytest.raises(BadArgument, match="classes"):
        Pack(folder("cat/1.jpg"), classes=classes)


def test_packing_keeps_the_names(folder, tmp_path):
    root = folder("bird/", "cat/1.jpg", "dog/2.jpg", "dog/3.jpg")
    pack_folder(root, tmp_path / "out", shard_samples=1)
    assert json.loads((tmp_path / "out/classes.json").read_text()) == {
        "bird": 0,
        "cat": 1,
        "dog": 2,
    }
    wanted = Pack(root)
    for source in (
        tmp_path / "out",
        f"{tmp_path}/out/*",
        f"{tmp_path}/out/shard-{{000000..000002}}.tar",
    ):
        with Pack(source) as pack:
            assert pack.class_to_idx == wanted.class_to_idx
            assert pack.labels.tolist() == wanted.labels.tolist() == [1, 2, 2]
            assert pack.sample_ids.tolist() == wanted.sample_ids.tolist()
    (tmp_path / "out/classes.json").unlink()
    with Pack(tmp_path / "out") as pack:
        assert (pack.class_names, pack.labels.tolist()) == (None, [1, 2, 2])
    with Pack(tmp_path / "out", classes=wanted) as pack:
        assert pack.class_names == ["bird", "cat", "dog"]


def test_packing_keeps_names_that_are_not_utf8(folder, tmp_path):
    root = folder("caf\udce9/1.jpg", "z/2.jpg")
    pack_folder(root, tmp_path / "out")
    assert Pack(tmp_path / "out").class_names == ["caf\udce9", "z"]


def test_packs_with_other_names_are_told_apart_by_name(folder, tmp_path):
    pack_folder(folder("cat/1.jpg", "dog/2.jpg", root="a"), tmp_path / "one")
    pack_folder(folder("bird/3.jpg", "cat/4.jpg", root="b"), tmp_path / "two")
    with Pack([tmp_path / "one", tmp_path / "two"]) as pack:
        assert pack.class_names == ["bird", "cat", "dog"]
        assert pack.labels.tolist() == [1, 2, 0, 1]
    (tmp_path / "two/classes.json").unlink()
    with pytest.raises(BadPack, match=r"numbered labels without names.*give classes="):
        Pack([tmp_path / "one", tmp_path / "two"])


@pytest.mark.parametrize("content", ["[", "[]", '{"cat": "x"}', '{"cat": 0}', "{}"])
def test_a_wrong_classes_file(folder, tmp_path, content):
    pack_folder(folder("cat/1.jpg", "dog/2.jpg"), tmp_path / "out")
    (tmp_path / "out/classes.json").write_text(content)
    with pytest.raises(BadPack, match=r"classes\.json"):
        Pack(tmp_path / "out")


def test_labels_from_json(write_tar, image, tmp_path):
    def tar(*labels: object, name: str = "x.tar") -> Path:
        members = {f"{i}.jpg": image() for i in range(len(labels))}
        members |= {
            f"{i}.json": json.dumps({"a": {"id": v}}).encode() for i, v in enumerate(labels)
        }
        return write_tar(members, name=name)

    with Pack(tar(7, 3, None), label="json:a.id") as pack:
        assert (pack.labels.tolist(), pack.class_names) == ([7, 3, -1], None)
        assert pack[0].label == 7
    with Pack(tar("dog", "cat", "dog"), label="json:a.id") as pack:
        assert (pack.labels.tolist(), pack.class_names) == ([1, 0, 1], ["cat", "dog"])
    with Pack(tar("dog", "cat"), label="json:a.id", classes=["dog", "cat"]) as pack:
        assert pack.labels.tolist() == [0, 1]
    for values, message in [
        ((1, "x"), "some are numbers"),
        ((1.5,), "wanted a whole number"),
        ((True,), "wanted a whole number"),
        ((None,), "no sample has"),
    ]:
        with pytest.raises(BadPack, match=message):
            Pack(tar(*values), label="json:a.id")
    assert Pack(tar(1, "x")).labels.tolist() == [-1, -1]


def test_labels_from_text_and_none(write_tar, image, folder):
    members = {
        "a.jpg": image(),
        "a.txt": b" dog\n",
        "b.jpg": image(),
        "b.txt": b"cat",
        "b.cls": b"4",
    }
    for source in (write_tar(members), folder("f/a.jpg", "f/b.jpg")):
        if source.is_dir():
            for name in ("a.txt", "b.txt"):
                (source / "f" / name).write_bytes(members[name])
        with Pack(source, label="txt") as pack:
            assert (pack.labels.tolist(), pack.class_names) == ([1, 0], ["cat", "dog"])
        with Pack(source, label="none") as pack:
            assert (pack.labels.tolist(), pack.num_classes) == ([-1, -1], 0)
    with pytest.raises(BadPack, match="has a field 'caption' for its label"):
        Pack(write_tar(members), label="caption")
    with Pack(write_tar({"a.jpg": image(), "a.cls": b"tabby cat"}), label="cls") as pack:
        assert pack.class_names == ["tabby cat"]


def test_unpacked_webdataset_folder_has_its_labels(folder):
    root = folder("x/a.jpg", "x/a.cls", "x/b.jpg", "x/b.cls")
    (root / "x/b.cls").write_text("5\n")
    with Pack(root) as pack:
        assert (pack.layout, pack.labels.tolist(), pack.sample_keys) == (
            "webdataset",
            [1, 5],
            ["x/a", "x/b"],
        )
    os.truncate(root / "x/b.cls", 1 << 40)
    with pytest.raises(BadPack, match=r"b\.cls' is no label"):
        Pack(root)
