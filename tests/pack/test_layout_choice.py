"""Which layout a source has: the rule of docs/pack.md, the same for folders and tars."""

from __future__ import annotations

import copy
import random
import tarfile
from pathlib import Path

import pytest

from fastpass.errors import BadArgument, BadPack
from fastpass.pack import Pack, build_index, chosen


@pytest.fixture
def tree(tmp_path, image):
    """tree(names, root="photos") -> a folder with these files, images where they look so."""

    def write(*names: str, root: str = "photos") -> Path:
        for i, name in enumerate(names):
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.lower().endswith(".tar"):
                with tarfile.open(path, "w") as tar:
                    tar.addfile(tarfile.TarInfo(f"in-{path.stem}.jpg"))
            else:
                texts = {".cls": b"1", ".txt": b"a", ".json": b'{"i": 1}'}
                path.write_bytes(texts.get(path.suffix) or image(8 + i))
        return tmp_path / root

    return write


def classes(num_classes: int, num_images: int) -> list[str]:
    return [f"class{i}/{j}.jpg" for i in range(num_classes) for j in range(num_images)]


def test_a_stray_image_in_the_root_is_left_out(tree):
    with Pack(tree(*classes(10, 3), "stray.jpg")) as pack:
        assert pack.labels.tolist() == [i for i in range(10) for _ in range(3)]
        assert pack.summary == "image folder: 10 classes, 30 images; left out: 1 image in the root"
        assert pack.layout == "image_folder"
        assert pack.skipped_files == {"image in the root": 1}
        assert pack.skipped_examples == {"image in the root": ["stray.jpg"]}


@pytest.mark.parametrize(("num_root", "num_folders"), [(2, 2), (30, 3), (5, 4)])
def test_many_images_in_the_root_and_in_folders_are_ambiguous(tree, num_root, num_folders):
    root = tree(*classes(num_folders, 3), *[f"r{i}.jpg" for i in range(num_root)])
    with pytest.raises(BadPack, match=r'layout="image_folder" or layout="folder"') as caught:
        Pack(root)
    assert f"{num_root} images in the root and {3 * num_folders} in {num_folders} folders" in str(
        caught.value
    )
    assert len(Pack(root, layout="image_folder")) == 3 * num_folders
    with Pack(root, layout="folder") as pack:
        assert (len(pack), pack.num_classes) == (3 * num_folders + num_root, 0)
        assert pack.summary == f"folder: {len(pack)} images without labels"


def test_one_in_a_hundred_is_a_stray(tree):
    names = [*classes(2, 150), "a.jpg", "b.jpg", "c.jpg"]
    assert Pack(tree(*names)).num_classes == 2
    with pytest.raises(BadPack, match="two ways"):
        Pack(tree(*names, "d.jpg"))


@pytest.mark.parametrize("names", [("1.jpg", "2.jpg"), ("1.jpg", "2.jpg", "more/3.jpg")])
def test_no_class_folders(tree, names):
    with Pack(tree(*names)) as pack:
        assert (pack.layout, pack.num_classes, len(pack)) == ("folder", 0, len(names))


def test_a_tar_among_class_folders(tree):
    with Pack(tree(*classes(3, 2), "backup.tar")) as pack:
        assert pack.summary == "image folder: 3 classes, 6 images; left out: 1 tar"
    root = tree("x/1.jpg", "x/2.jpg", "0.tar", "1.tar", root="one")
    with pytest.raises(BadPack, match=r"holds 2 tars \(0\.tar, 1\.tar\) and 2 images.*two ways"):
        Pack(root)
    assert Pack(root, layout="tars").sample_keys == ["in-0", "in-1"]
    assert Pack(root, layout="image_folder").sample_keys == ["x/1", "x/2"]
    assert Pack(root, layout="folder").num_classes == 0


def test_tars_with_a_picture_beside_them(tree):
    root = tree("0.tar", "1.TAR", "preview.jpg")
    (root / "empty/sub").mkdir(parents=True)
    with Pack(root) as pack:
        assert [Path(path).name for path in pack.paths] == ["0.tar", "1.TAR"]
        assert pack.skipped_files == {"image in the root": 1}
        assert (
            pack.summary
            == "2 tars (folder): 2 images without labels; left out: 1 image in the root"
        )


def test_layouts_that_do_not_fit(tree):
    root = tree("a.jpg")
    with pytest.raises(BadPack, match="no image is in a folder"):
        Pack(root, layout="image_folder")
    with pytest.raises(BadPack, match="without tars"):
        Pack(root, layout="tars")
    with pytest.raises(BadArgument, match="layout = 'imagefolder', wanted one of 'tars'"):
        Pack(root, layout="imagefolder")


def test_pass_release(tree):
    root = tree("PASS_dataset/0/a.jpg", "PASS_dataset/1/b.jpg")
    for source in (root, root / "PASS_dataset"):
        with Pack(source) as pack:
            assert (pack.layout, pack.num_classes) == ("pass", 0)
            assert pack.summary == "PASS release: 2 images"
    assert Pack(root / "PASS_dataset", layout="image_folder").class_names == ["0", "1"]


def tar_of(root: Path, to: Path, prefix: str = "") -> Path:
    with tarfile.open(to, "w") as tar:
        for path in sorted(root.rglob("*")):
            tar.add(path, prefix + str(path.relative_to(root)), recursive=False)
    return to


def seen(source: Path) -> list[tuple[object, ...]]:
    with Pack(source) as pack:
        samples = [
            (s.key, s.sample_id, s.label, bytes(s.data), bytes(s.metadata_json)) for s in pack
        ]
        return [pack.class_names, pack.layout, pack.skipped_files, *sorted(samples)]


KINDS = [
    "cat/1.jpg", "dog/2.JPEG", "dog/deep/er/3.png", "cat/1.png", "dog/x.1.jpg", "dog/x.2.jpg",
    "__MACOSX/cat/._1.jpg", "cat/._1.jpg", ".thumbnails/4.jpg", "cat/.hidden.jpg", "cat/Thumbs.db",
    "cat/desktop.ini", "bird/readme.txt", "stray.jpg", "cat/5.gif", "cat/6.nef", "cat/1.txt",
    "cat/1.seg.png", "dog/2.seg.png", "cat/7.jpg", "cat/7.txt", "cat/7.seg.png",
    "dog/__MACOSX/8.jpg", "cat/7.json", "dog/x.1.json", "annotations.json", "emu/9.tar",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_a_folder_and_its_tar_give_the_same_samples(tree, tmp_path, seed):
    draw = random.Random(seed)
    names = draw.sample(KINDS, draw.randint(1, len(KINDS)))
    if (
        seed % 4 == 0
    ):  # labels, with which cat/1.jpg and cat/1.png would be two images of one sample
        names = [name for name in names if name != "cat/1.png"] + ["cat/1.cls", "cat/7.cls"]
    root = tree("cat/0.jpg", "dog/0.jpg", *names)
    wanted = seen(root)
    tar = tar_of(root, tmp_path / "x.tar", prefix=draw.choice(["", "./"]))
    assert seen(tar) == wanted
    build_index(tar)
    assert Pack(tar).unindexed_shards == []
    assert seen(tar) == wanted


def test_system_files_are_no_samples(tree):
    root = tree(
        "a/1.jpg", "__MACOSX/a/._1.jpg", "a/._1.jpg", ".git/2.jpg", "b/2.jpg", "b/Thumbs.db"
    )
    with Pack(root) as pack:
        assert (pack.sample_keys, pack.class_names) == (["a/1", "b/2"], ["a", "b"])
        assert pack.skipped_files == {}


def test_formats_through_pillow_are_samples_and_raw_is_named(tree):
    endings = ["jfif", "jpe", "bmp", "gif", "tif", "TIFF", "avif"]
    with Pack(tree(*[f"{e}.{e}" for e in endings], "x.NEF", "y.svg", "notes.pdf")) as pack:
        assert sorted(pack.sample_keys) == sorted(endings)
        assert pack.skipped_files == {"image of a format that is not read": 2, "other file": 1}


@pytest.mark.parametrize(
    "names",
    [
        ["cat/1.jpg", "dog/2.jpg", "dog/deep/3.jpg", "empty/readme.txt"],
        ["cat/1.jpg", "dog/2.jpg", "stray.jpg"],
        ["1.jpg", "more/2.jpg"],
        ["a.jpg", "a.cls", "more/b.jpg", "more/b.cls"],
        ["only/2.jpg", "only/3.jpg"],
    ],
)
def test_the_folder_that_a_tar_was_made_from_is_no_class(tree, tmp_path, names):
    root = tree(*names)
    tar = tar_of(root, tmp_path / "x.tar", prefix="photos/")
    with tarfile.open(tar, "a") as file:  # longer than the prefix, and outside of it
        file.addfile(tarfile.TarInfo("information/about/it.txt"))
    with Pack(tar) as pack, Pack(root) as wanted:
        assert pack.sample_keys == [f"photos/{key}" for key in wanted.sample_keys]
        assert (pack.layout, pack.class_names) == (wanted.layout, wanted.class_names)
        assert pack.labels.tolist() == wanted.labels.tolist()
        left_out = {"other file": 1 + wanted.skipped_files.get("other file", 0)}
        assert pack.skipped_files == wanted.skipped_files | left_out
    build_index(tar)
    with Pack(tar) as pack:
        assert (pack.unindexed_shards, pack.layout) == ([], wanted.layout)


@pytest.mark.parametrize("seed", range(20))
def test_a_flat_folder_and_its_tar_give_the_same_samples(tree, tmp_path, seed):
    draw = random.Random(seed)
    names = ["a.jpg", "b.jpg", "c.d.jpg", "a.json", "a.txt", "b.json", "c.d.json", "e.seg.png",
             "b.seg.png", "notes.pdf", "x/f.jpg", "x/f.json", "c.d.cls", "_s.json"]  # fmt: skip
    root = tree(*draw.sample(names[:3], 2), *draw.sample(names[3:], draw.randint(1, 9)))
    tar = tar_of(root, tmp_path / "x.tar")
    assert seen(tar) == seen(root)
    build_index(tar)
    assert (seen(tar), Pack(tar).unindexed_shards) == (seen(root), [])


@pytest.mark.parametrize("is_tar", [False, True])
def test_all_files_that_are_left_out_are_listed(tree, tmp_path, is_tar):
    strays = [f"cat/{i}.txt" for i in range(9)]
    root = tree("cat/1.jpg", "dog/2.jpg", "root.jpg", *strays)
    source = tar_of(root, tmp_path / "x.tar") if is_tar else root
    if is_tar:
        build_index(source)
    with Pack(source) as pack:
        assert pack.skipped_examples == {
            "other file": strays[:5],
            "image in the root": ["root.jpg"],
        }
        assert pack.list_skipped_files() == {
            "other file": strays,
            "image in the root": ["root.jpg"],
        }


def test_the_summary_is_logged_once(tree, caplog):
    with caplog.at_level("INFO", logger="fastpass"), Pack(tree(*classes(3, 1), "x.jpg")) as pack:
        copy.copy(pack).close()
    assert [record.getMessage() for record in caplog.records] == [
        f"{pack.paths[0]}: image folder: 3 classes, 3 images; left out: 1 image in the root"
    ]


@pytest.mark.parametrize("is_tar", [False, True])
def test_heic_without_its_plug_in_is_left_out_by_name(tree, tmp_path, monkeypatch, is_tar):
    root = tree("a/1.jpg", "a/2.HEIC", "b/3.heif", "b/4.jpg")
    source = tar_of(root, tmp_path / "x.tar") if is_tar else root
    if is_tar:
        build_index(source)
    reason = "HEIC image without the Pillow plug-in pillow-heif"
    monkeypatch.setattr(chosen, "_can_read_heic", lambda: False)
    with Pack(source) as pack:
        assert pack.sample_keys == ["a/1", "b/4"]
        assert (pack.skipped_files, pack.labels.tolist()) == ({reason: 2}, [0, 1])
        assert "left out: 2 HEIC images without the Pillow plug-in pillow-heif" in pack.summary
    assert Pack(source, keep=["a/2", "b/4"]).sample_keys == ["b/4"]
    with pytest.raises(BadPack, match="no sample is kept"):
        Pack(source, keep=["a/2"])
    monkeypatch.setattr(chosen, "_can_read_heic", lambda: True)
    with Pack(source) as pack:
        assert (pack.sample_keys, pack.skipped_files) == (["a/1", "a/2", "b/3", "b/4"], {})
    (root / "a/1.jpg").unlink()
    (root / "b/4.jpg").unlink()
    monkeypatch.setattr(chosen, "_can_read_heic", lambda: False)
    with pytest.raises(BadPack, match="install pillow-heif"):
        Pack(root)
