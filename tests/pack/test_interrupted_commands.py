"""Ctrl-C at any time: exit code 130, one line, and nothing half-written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.interrupted import interrupted

from fastpass.pack import Pack, pack_folder


@pytest.fixture
def photos(tmp_path, image) -> Path:
    for i in range(1500):
        path = tmp_path / f"photos/{i % 3}/{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image(64, 64))
    return tmp_path / "photos"


@pytest.mark.parametrize("verb", ["pack", "index"])
def test_interrupts(photos, tmp_path, verb):
    pack_folder(photos, tmp_path / "ref", shard_samples=300, seek_index=False)
    names = sorted(os.listdir(tmp_path / "ref"))
    command = ["pack", photos, "-o", tmp_path / "out"]
    if verb == "index":
        command = ["index", tmp_path / "ref"]
    for milliseconds in (5, 100, 200, 300, 450):
        run = interrupted(["-m", "fastpass", *command], milliseconds / 1000)
        assert run.returncode in (0, 130), run.stderr
        assert "Traceback" not in run.stderr
        assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
        assert sorted(os.listdir(tmp_path / "ref")) == names
        if run.returncode == 130:
            assert not (tmp_path / "out").exists()
        elif (tmp_path / "out").exists():
            assert len(list((tmp_path / "out").glob("*.tar"))) == 1
            break


@pytest.mark.parametrize("is_replaced", [False, True])
def test_interrupts_of_a_beton(photos, tmp_path, image, is_replaced):
    beton = tmp_path / "x.beton"
    if is_replaced:
        (tmp_path / "old").mkdir()
        (tmp_path / "old" / "a.jpg").write_bytes(image())
        pack_folder(tmp_path / "old", beton, to="beton")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("x.beton*")}
    command = ["-m", "fastpass", "pack", photos, "--to", "beton", "--force", "-o", beton]
    for milliseconds in (5, 100, 200, 300, 450):
        run = interrupted(command, milliseconds / 1000)
        assert run.returncode in (0, 130), run.stderr
        assert "Traceback" not in run.stderr
        assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
        if {path.name: path.read_bytes() for path in tmp_path.glob("x.beton*")} != before:
            with Pack(beton) as pack:  # whole, where the interrupt came at the very end
                assert len(pack) == 1500
            break
        assert run.returncode == 130
