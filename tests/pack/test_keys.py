"""Where keys end, which of several images is the sample's, and keys that clash."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastpass.errors import BadArgument, BadPack
from fastpass.pack import Pack, build_index


@pytest.fixture
def source(write_tar, image, tmp_path):
    """source(names, kind) -> a tar or a folder; every image has a size of its own."""

    def write(names: list[str], kind: str = "tar", at: str = "x") -> Path:
        members = {
            name: image(8 + i)
            if name[-3:] in ("jpg", "png")
            else b'{"n": 1}'
            if "json" in name
            else b"1"
            for i, name in enumerate(names)
        }
        if kind == "tar":
            return write_tar(members, name=f"{at}.tar")
        for name, data in members.items():
            path = tmp_path / at / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / at

    return write


def widths(pack: Pack) -> dict[str, int]:
    return {sample.key: sample.info.width for sample in pack}


@pytest.mark.parametrize("kind", ["tar", "folder"])
@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["a.jpg", "a.seg.png", "a.txt"], {"a": 8}),
        (["a.jpg", "a.seg.png", "b.jpg", "b.seg.png", "c.jpg"], {"a": 8, "b": 10, "c": 12}),
        (["22.05.jpg", "22.05.cls"], {"22": 8}),
        (["d.1/a.jpg", "d.1/a.cls", "d.1/b.jpg", "d.1/b.cls"], {"d.1/a": 8, "d.1/b": 10}),
        (["a.input.jpg", "a.cls", "b.input.jpg", "b.cls"], {"a": 8, "b": 10}),
        (["0.in.jpg", "0.out.txt", "1.in.jpg", "1.out.txt"], {"0": 8, "1": 10}),
        (["c/0.in.jpg", "c/0.out.txt", "d/1.in.jpg"], {"c/0": 8, "d/1": 10}),
        (["x/1.5.jpg", "x/1.5.txt", "x/2.5.jpg"], {"x/1.5": 8, "x/2.5": 10}),
        (["x/DSC.1.jpg", "x/DSC.2.jpg"], {"x/DSC.1": 8, "x/DSC.2": 9}),
        (["x/2024.05.01.jpg"], {"x/2024.05.01": 8}),
        (["a.jpg", "b.jpg", "c.jpg", "a.1.jpg"], {"a": 8, "b": 9, "c": 10, "a.1": 11}),
        (["a.jpg", "a.1.jpg", "a.1.json"], {"a": 8, "a.1": 9}),
        (["a.jpg", "a.png", "b.jpg"], {"a.jpg": 8, "a.png": 9, "b": 10}),
        (["a.jpg", "a.cls", "22.05.jpg", "22.05.cls"], {"a": 8, "22": 10}),
        (["a.jpg", "a.json", "22.05.jpg", "22.05.json"], {"a": 8, "22": 10}),
        (["a.jpg", "a.json", "b.jpg", "b.json", "c.seg.png"], {"a": 8, "b": 10}),
        (
            ["22.05.jpg", "22.05.json", "22.06.jpg", "22.06.json"],
            {"22.05": 8, "22.06": 10},
        ),
        (
            ["2022.05.jpg", "2022.06.jpg", "2023.05.jpg", "2023.06.jpg"],
            {"2022.05": 8, "2022.06": 9, "2023.05": 10, "2023.06": 11},
        ),
        (["a.in.jpg", "a.out.jpg", "b.in.jpg"], {"a.in": 8, "a.out": 9, "b.in": 10}),
    ],
)
def test_keys(source, kind, names, wanted):
    path = source(names, kind)
    with Pack(path) as pack:
        assert widths(pack) == wanted
    if kind == "tar":
        build_index(path)
        with Pack(path) as pack:
            assert (widths(pack), pack.unindexed_shards) == (wanted, [])


@pytest.mark.parametrize("kind", ["tar", "folder"])
def test_a_given_key_rule(source, kind):
    path = source(["22.05.jpg", "22.05.cls", "22.06.jpg", "22.06.cls"], kind)
    with pytest.raises(
        BadPack, match=r'two ways.*image="05\.jpg" or.*image="06\.jpg".*keys="last_dot"'
    ):
        Pack(path)
    with Pack(path, keys="last_dot") as pack:
        assert (widths(pack), pack.labels.tolist()) == ({"22.05": 8, "22.06": 10}, [1, 1])
    with Pack(path, image="06.jpg") as pack:
        assert (widths(pack), pack.labels.tolist()) == ({"22": 10}, [1])
    with Pack(source(["x/2024.05.jpg"], kind, at="y"), keys="first_dot") as pack:
        assert pack.sample_keys == ["x/2024"]


@pytest.mark.parametrize("kind", ["tar", "folder"])
def test_a_given_image_field(source, kind):
    names = ["a.input.jpg", "a.target.jpg", "a.cls", "b.input.jpg", "b.target.jpg", "c.target.jpg"]
    path = source(names, kind)
    with pytest.raises(BadPack, match=r"has both 'a\.input\.jpg' and 'a\.target\.jpg'"):
        Pack(path)
    with Pack(path, image="input.jpg") as pack:
        assert (widths(pack), pack.labels.tolist()) == ({"a": 8, "b": 11}, [1, -1])
        assert pack.skipped_files == {
            "image of another sample": 2,
            "image in a field that is not read": 1,
        }
    with Pack(path, image="input.jpg;target.jpg") as pack:
        assert widths(pack) == {"a": 8, "b": 11, "c": 13}
    with pytest.raises(
        BadPack,
        match=r"no image in the field 'nothing\.jpg': here the images are in 'input\.jpg', 'target",
    ):
        Pack(path, image="nothing.jpg")
    for wrong in ("", ";", 5, b"jpg"):
        with pytest.raises(BadArgument, match="image"):
            Pack(path, image=wrong)


@pytest.mark.parametrize("kind", ["tar", "folder"])
@pytest.mark.parametrize("folders", [("", ""), ("cat/", "dog/")])
def test_several_images_in_every_sample_are_ambiguous(source, kind, folders):
    names = [f"{folder}{i}.{side}.jpg" for i, folder in enumerate(folders) for side in ("l", "r")]
    path = source(names, kind)
    with pytest.raises(BadPack, match=r"two ways.*image=\"l\.jpg\".*keys=\"last_dot\""):
        Pack(path)
    assert len(Pack(path, keys="last_dot")) == 4
    assert list(widths(Pack(path, image="r.jpg")).values()) == [9, 11]


def test_a_chosen_field_that_a_sample_lacks(source):
    path = source(["22.05.jpg", "22.05.cls", "a.input.jpg", "a.cls"])
    with Pack(path, image="input.jpg") as pack:
        assert pack.sample_keys == ["a"]
        assert pack.skipped_examples == {
            "image in a field that is not read": ["22.05.jpg"],
            "label or metadata without an image": ["22.05.cls"],
        }


def test_an_image_field_in_class_folders(source):
    path = source(["cat/a.in.jpg", "cat/a.out.jpg", "dog/b.in.jpg", "dog/b.out.jpg"], "folder")
    with Pack(path, image="in.jpg", layout="image_folder") as pack:
        assert (widths(pack), pack.labels.tolist()) == ({"cat/a": 8, "dog/b": 10}, [0, 1])


def test_another_reading_keeps_the_seek_indexes(write_tar):
    """The index of the default reading lends what it knows of each image."""
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG")
    picture = buffer.getvalue()
    tar = write_tar({"22.05.jpg": picture, "22.05.cls": b"3"})
    build_index(tar)
    seek_index = Pack(tar)[0].seek_index
    assert seek_index
    with Pack(tar, keys="last_dot") as pack:
        assert (pack[0].key, pack[0].seek_index) == ("22.05", seek_index)


def test_two_cameras(source):
    one = source(["IMG_1.jpg", "IMG_2.jpg"], "folder", at="camera1")
    two = source(["IMG_2.jpg", "IMG_3.jpg"], "folder", at="camera2")
    with Pack([one, two]) as pack:
        assert pack.sample_keys == ["IMG_1", "camera1:IMG_2", "camera2:IMG_2", "IMG_3"]
        assert len(set(pack.sample_ids.tolist())) == 4
        assert "camera2:IMG_2" in pack
        ids = dict(zip(pack.sample_keys, pack.sample_ids.tolist(), strict=True))
    with Pack([two, one]) as pack:  # ids do not depend on the order
        assert dict(zip(pack.sample_keys, pack.sample_ids.tolist(), strict=True)) == ids


def test_shards_of_one_name_are_told_apart_by_their_folders(source, tmp_path):
    for name in ("train", "val"):
        (tmp_path / name).mkdir()
    tars = [source(["a.jpg"], at="train/0"), source(["a.jpg"], at="val/0")]
    with Pack(tars) as pack:
        assert pack.sample_keys == ["train/0:a", "val/0:a"]
    source(["a.jpg"], "folder", at="val/0")
    with Pack([tmp_path / "val/0", tars[1]]) as pack:  # the folder 0 beside the tar 0.tar
        assert len(set(pack.sample_keys)) == 2
    with pytest.raises(BadPack, match="are the same: name it once"):
        Pack([tars[0], f"{tmp_path}/train/../train/0.tar"])


@pytest.mark.parametrize("kind", ["tar", "folder"])
def test_two_images_of_one_labelled_sample(source, kind):
    path = source(["a.jpg", "a.png", "a.cls"], kind)
    with pytest.raises(BadPack, match=r'image="jpg" or with image="png"; with layout="folder"'):
        Pack(path)
    assert widths(Pack(path, image="png")) == {"a": 9}
    assert widths(Pack(path, image="png;jpg")) == {"a": 9}
    assert widths(Pack(path, layout="folder")) == {"a.jpg": 8, "a.png": 9}
