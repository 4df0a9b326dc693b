"""Keys, labels and metadata from member names."""

from __future__ import annotations

import io
import tarfile

import pytest
import xxhash

from fastpass.errors import BadPack
from fastpass.pack import Pack, build_index


def test_webdataset(write_tar, image):
    path = write_tar(
        {
            "a/000.json": b'{"title": "first"}',
            "a/000.JPG": image(),
            "a/000.cls": b"7\n",
            "a/001.seg.png": b"a mask",
            "a/001.cls": b" 12 ",
            "a/001.jpeg": image(9),
            "a.b/002.webp": image(10, 8, "WEBP"),
            "readme.txt": b"hello",
        }
    )
    report = build_index(path)
    assert (report.layout, report.num_samples, report.num_ignored) == ("webdataset", 3, 2)
    with Pack(path) as pack:
        assert [sample.key for sample in pack] == ["a/000", "a/001", "a.b/002"]
        assert [sample.label for sample in pack] == [7, 12, None]
        assert pack.labels.tolist() == [7, 12, -1]
        assert pack[0].metadata == {"title": "first"}
        assert pack[1].metadata == {}
        assert (pack.num_classes, pack.class_names) == (13, None)


def test_members_of_a_sample_need_not_be_neighbors(write_tar, image):
    names = ["a.cls", "b.cls", "b.jpg", "a.jpg"]
    with Pack(write_tar({n: image() if n[2:] == "jpg" else b"1" for n in names})) as pack:
        assert [sample.key for sample in pack] == ["a", "b"]


def test_pass_release(write_tar, image):
    path = write_tar({f"PASS_dataset/{n}/{n:032x}.jpg": image(8 + n) for n in (3, 11, 0)})
    assert build_index(path).layout == "pass"
    with Pack(path) as pack:
        assert pack[0].key == "PASS_dataset/3/" + "3".zfill(32)
        assert pack.labels.tolist() == [-1, -1, -1]
        assert (pack.num_classes, pack.class_names) == (0, None)


def test_class_folders(write_tar, image):
    path = write_tar({"dog/x.1.jpg": image(), "cat/x.jpg": image(), "dog/x.2.jpg": image()})
    assert build_index(path).layout == "image_folder"
    with Pack(path) as pack:
        assert [sample.key for sample in pack] == ["dog/x.1", "cat/x", "dog/x.2"]
        assert pack.labels.tolist() == [1, 0, 1]
        assert pack.class_names == ["cat", "dog"]


def test_classes_of_several_shards_are_one_list(write_tar, image):
    first = write_tar({"dog/1.jpg": image(), "emu/2.jpg": image()}, name="1.tar")
    second = write_tar({"ape/3.jpg": image(), "dog/4.jpg": image()}, name="2.tar")
    build_index(first)
    with Pack([first, second]) as pack:
        assert pack.class_names == ["ape", "dog", "emu"]
        assert pack.labels.tolist() == [1, 2, 0, 1]
        assert pack.unindexed_shards == [str(second)]


@pytest.mark.parametrize("names", [["a.jpg", "b/c.jpg"], ["DSC.1.jpg", "DSC.2.jpg"]])
def test_plain_trees(write_tar, image, names):
    path = write_tar({name: image() for name in names})
    assert build_index(path).layout == "folder"
    with Pack(path) as pack:
        assert [sample.key for sample in pack] == [name.rpartition(".")[0] for name in names]
        assert pack.labels.tolist() == [-1] * len(names)


def test_sample_ids_are_xxh64_of_the_key(write_tar, image):
    """Every length passes through each branch of the hash; xxhash is the witness."""
    keys = [("k" * n + str(n))[-n:] for n in range(1, 130)]
    with Pack(write_tar({f"f/{key}.jpg": image() for key in keys})) as pack:
        wanted = [xxhash.xxh64(f"f/{key}".encode()).intdigest() >> 1 for key in keys]
        assert pack.sample_ids.tolist() == wanted
        assert pack.sample_ids.dtype == "int64"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (["a.jpg", "a.png", "a.cls"], r"sample 'a' has both 'a\.jpg' and 'a\.png'.*image=\"jpg\""),
        (["a.jpg", "a.JPG", "a.cls"], r"sample 'a' has both"),
        (["a.jpg", "a.cls", "a.CLS"], r"sample 'a' has both"),
        (
            ["a.1.jpg", "a.2.jpg", "a.cls"],
            r"has both 'a\.1\.jpg' and 'a\.2\.jpg'.*keys=\"last_dot\"",
        ),
        (["a.txt", ".hidden.jpg"], "no image .* among its 2 members"),
    ],
)
def test_ambiguous_samples(write_tar, image, members, message):
    path = write_tar({name: b"1" if name[-3:].lower() == "cls" else image() for name in members})
    with pytest.raises(BadPack, match=message):
        Pack(path)
    with pytest.raises(BadPack, match=message):
        build_index(path)
    assert not path.with_name("x.tar.fpi").exists()


@pytest.mark.parametrize(
    ("members", "keys", "skipped"),
    [
        (["a.cls", "a.json", "b.jpg"], ["b"], {"label or metadata without an image": 2}),
        (["a.json", "a.tiff", "b.jpg"], ["a", "b"], {}),
        (["a.left.jpg", "b.jpg", "b.json"], ["b"], {"image in a field that is not read": 1}),
        (
            ["metadata.json", "x_stats.json", "a.jpg", "a.cls"],
            ["a"],
            {"label or metadata without an image": 2},
        ),
        (["a.jpg", "a.png"], ["a.jpg", "a.png"], {}),
    ],
)
def test_unpaired_members_are_counted(write_tar, image, members, keys, skipped):
    path = write_tar({name: b"1" if name[-3:] == "cls" else image() for name in members})
    for _ in ("scanned", "indexed"):
        with Pack(path) as pack:
            assert [sample.key for sample in pack] == keys
            assert pack.skipped_files == skipped
            assert sum(map(len, pack.skipped_examples.values())) == sum(skipped.values())
        assert build_index(path).skipped_files == skipped


@pytest.mark.parametrize(
    "label", [b"", b" ", b"-1", b"cat", b"1 2", b"1.0", b"0x1", b"9" * 20, b"1" + b" " * 2000]
)
def test_labels_that_are_no_numbers(write_tar, image, label):
    with pytest.raises(BadPack, match=r"'a\.cls' is no label"):
        Pack(write_tar({"a.jpg": image(), "a.cls": label}))


@pytest.mark.parametrize("text", [b"{", b"[1]", b"\xff\xfe\xfd", b'"x"', b"[" * 100_000])
def test_metadata_that_are_no_object(write_tar, image, text):
    with Pack(write_tar({"a.jpg": image(), "a.json": text})) as pack:
        sample = pack[0]
        assert bytes(sample.data) == image()  # the image is none the worse for it
        with pytest.raises(BadPack, match="metadata are no JSON"):
            _ = sample.metadata


def test_a_key_may_occur_in_several_shards(write_tar, image):
    first = write_tar({"a.jpg": image()}, name="1.tar")
    second = write_tar({"b.jpg": image(), "a.png": image(9)}, name="2.tar")
    with Pack([first, second]) as pack:
        assert pack.sample_keys == ["1:a", "b", "2:a"]
        wanted = [xxhash.xxh64(key.encode()).intdigest() >> 1 for key in pack.sample_keys]
        assert pack.sample_ids.tolist() == wanted == [sample.sample_id for sample in pack]
        assert [pack.index("1:a"), pack.index("2:a")] == [0, 2]
    with Pack(second) as pack:
        assert pack.sample_keys == ["b", "a"]


def test_a_member_twice_in_a_tar_is_refused(tmp_path, image):
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for _ in range(2):
            header = tarfile.TarInfo("a.jpg")
            header.size = len(image())
            tar.addfile(header, io.BytesIO(image()))
    with pytest.raises(BadPack, match=r"two members are called 'a\.jpg'"):
        Pack(tmp_path / "x.tar")


def test_numbered_and_named_labels_do_not_mix(write_tar, image):
    first = write_tar({"a.jpg": image(), "a.cls": b"3"}, name="1.tar")
    second = write_tar({"dog/b.jpg": image()}, name="2.tar")
    with pytest.raises(BadPack, match="do not fit together"):
        Pack([first, second])
