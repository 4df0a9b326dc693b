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


@pytest.mark.parametrize("source", ["missing", "photos/0.jpg", "empty"])
def test_pack_errors(run, photos, tmp_path, source):
    (tmp_path / "empty").mkdir()
    result = run(pack_command, tmp_path / source, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_pack_usage(run, photos, tmp_path):
    assert run(pack_command, photos).exit_code == 2
    assert run(pack_command, photos, "-o", tmp_path / "out", "--shard-size", 0).exit_code == 2
    assert run(index_command).exit_code == 2


def test_unwritable_output(run, photos, tmp_path):
    result = run(pack_command, photos, "-o", photos / "0.jpg/out")
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
    for source, message in [(photos, "a folder without tars"), (tmp_path / "no.tar", "no such")]:
        result = run(index_command, source)
        assert result.exit_code == 1
        assert message in result.stderr
