"""``fastpass pack`` and ``fastpass index``: exit codes and one-line errors."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from fastpass.pack import Pack
from fastpass.pack.commands import index_command, pack_command


@pytest.fixture
def run():
    return lambda command, *arguments: CliRunner().invoke(command, [str(a) for a in arguments])


@pytest.fixture
def photos(tmp_path, image):
    (tmp_path / "photos").mkdir()
    for i in range(4):
        (tmp_path / f"photos/{i}.jpg").write_bytes(image(100 + i, 100))
    return tmp_path / "photos"


def test_pack(run, photos, tmp_path):
    result = run(pack_command, photos, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "4 samples" in result.stdout
    assert len(Pack(tmp_path / "out")) == 4


def test_pack_json(run, photos, tmp_path):
    result = run(pack_command, photos, "-o", tmp_path / "out", "--json", "--shard-size", 1)
    report = json.loads(result.stdout)
    assert (report["num_samples"], len(report["shards"])) == (4, 1)
    assert report["shards"][0]["layout"] == "folder"


def test_pack_force(run, photos, tmp_path):
    assert run(pack_command, photos, "-o", tmp_path / "out").exit_code == 0
    refused = run(pack_command, photos, "-o", tmp_path / "out")
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert run(pack_command, photos, "-o", tmp_path / "out", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing", "no such file or folder"),
        ("photos/0.jpg", "this is a JPEG image, no tar"),
        ("empty", "no image"),
    ],
)
def test_pack_errors(run, photos, tmp_path, source, message):
    (tmp_path / "empty").mkdir()
    result = run(pack_command, tmp_path / source, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith("fastpass: BadPack: ")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_pack_usage(run, photos, tmp_path):
    assert run(pack_command, photos).exit_code == 2
    assert run(pack_command, photos, "-o", tmp_path / "out", "--shard-size", 0).exit_code == 2
    assert run(index_command).exit_code == 2


def test_unwritable_output(run, photos, tmp_path):
    (tmp_path / "file").write_text("mine")
    result = run(pack_command, photos, "-o", tmp_path / "file/out")
    assert result.exit_code == 1
    assert "Not a directory" in result.stderr


def test_index_of_several(run, write_tar, image, tmp_path):
    good = [write_tar({f"{i}.jpg": image()}, name=f"{i}.tar") for i in range(3)]
    result = run(index_command, *good)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 3
    (tmp_path / "1.tar").write_bytes(b"damaged")
    result = run(index_command, "--json", tmp_path)
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [os.path.basename(shard["tar"]) for shard in report["shards"]] == ["0.tar", "2.tar"]
    assert len(report["errors"]) == 1
    assert "1.tar" in result.stderr


def test_index_errors(run, photos, tmp_path):
    for source, message in [
        (photos, "a folder without tars or"),
        (tmp_path / "no.tar", "no such"),
    ]:
        result = run(index_command, source)
        assert result.exit_code == 1
        assert message in result.stderr


def test_what_was_found_is_said(run, tmp_path, image):
    for i, name in enumerate(["cat/1.jpg", "dog/2.jpg", "stray.jpg", "dog/note.txt"]):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image(8 + i))
    result = run(pack_command, tmp_path / "in", "-o", tmp_path / "out")
    assert result.stdout.splitlines()[0] == (
        "image folder: 2 classes, 2 images; left out: 1 image in the root, 1 other file"
    )
    report = json.loads(run(pack_command, tmp_path / "in", "-o", tmp_path / "o2", "--json").stdout)
    assert report["skipped_files"] == {"image in the root": 1, "other file": 1}
    (tmp_path / "keys").write_text("dog/2\n")
    options = ["--keep-list", tmp_path / "keys", "--classes", tmp_path / "out/classes.json"]
    assert run(pack_command, tmp_path / "in", "-o", tmp_path / "o3", *options).exit_code == 0
    with Pack(tmp_path / "o3") as pack:
        assert (pack.sample_keys, pack.labels.tolist()) == (["dog/2"], [1])
    assert (
        run(pack_command, tmp_path / "in", "-o", tmp_path / "o4", "--layout", "folder").exit_code
        == 0
    )
    assert len(Pack(tmp_path / "o4", layout="folder")) == 3


def test_index_elsewhere(run, write_tar, image, tmp_path):
    tar = write_tar({"a.jpg": image(), "a.cls": b"1", "b.cls": b"1"})
    result = run(index_command, tar, "--index-dir", tmp_path / "i")
    assert result.stdout == (
        f"{tmp_path}/i{tar}.fpi: 1 samples (webdataset); left out: "
        "1 label or metadata without an image\n"
    )
    assert Pack(tar, index_dir=tmp_path / "i").unindexed_shards == []
