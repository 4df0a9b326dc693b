"""A .beton that cannot be finished: nothing of it is left, and what was there before stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fastpass as fp
from fastpass.errors import WriteFailed
from fastpass.pack.writer import pack_folder

PACK = """
import os, resource, signal, sys
from fastpass.errors import WriteFailed
from fastpass.pack import pack_folder
source, output, fault = sys.argv[1:]
def on_progress(done, total):
    if fault == "kill" and done == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "limit" and done == 9:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9 << 20, 9 << 20))  # SIGXFSZ is ignored: EFBIG
try:
    pack_folder(source, output, to="beton", force=True, on_progress=on_progress)
except WriteFailed as error:
    print(error)
    sys.exit(1)
"""


@pytest.fixture
def photos(tmp_path: Path, image) -> Path:
    for i in range(60):
        path = tmp_path / f"photos/{i % 3}/{i:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image(64, 64) + bytes(100_000))
    return tmp_path / "photos"


@pytest.fixture(params=[False, True], ids=["new", "replaced"])
def before(request: pytest.FixtureRequest, tmp_path: Path, image) -> dict[str, bytes]:
    """The files of an older .beton, or none."""
    if request.param:
        (tmp_path / "old").mkdir()
        (tmp_path / "old" / "a.jpg").write_bytes(image())
        pack_folder(tmp_path / "old", tmp_path / "x.beton", to="beton")
    return files_in(tmp_path)


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("x.beton*")}


@pytest.mark.parametrize("fault", ["kill", "limit"])
def test_a_writer_that_fails_leaves_what_was_there(
    photos: Path, tmp_path: Path, before: dict[str, bytes], fault: str
) -> None:
    command = [sys.executable, "-c", PACK, photos, tmp_path / "x.beton", fault]
    run = subprocess.run(command, capture_output=True, text=True)
    assert files_in(tmp_path) == before
    hidden = [name for name in os.listdir(tmp_path) if name.startswith(".")]
    if fault == "kill":
        assert run.returncode == -signal.SIGKILL
        assert len(hidden) == 1
    else:
        assert run.returncode == 1, run.stderr
        assert f"cannot write {tmp_path / 'x.beton'}: File too large" in run.stdout
        assert hidden == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs needs root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_full_disk(photos: Path, small_disk: Path) -> None:
    with pytest.raises(WriteFailed, match=r"x\.beton: No space left on device"):
        pack_folder(photos, small_disk / "x.beton", to="beton")
    assert os.listdir(small_disk) == []


def test_the_folder_of_the_output_is_a_file(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a note")
    with pytest.raises(WriteFailed, match=r"cannot write .*File exists|Not a directory"):
        pack_folder(photos, tmp_path / "file" / "x.beton", to="beton")
    assert (tmp_path / "file").read_text() == "a note"


def test_a_disk_that_fills_up_at_the_index(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise WriteFailed("cannot write: No space left on device")

    monkeypatch.setattr("fastpass.pack.writer.build_index", fails)
    with pytest.raises(fp.errors.WriteFailed, match="No space left"):
        pack_folder(photos, tmp_path / "x.beton", to="beton", seek_index=False)
    assert os.listdir(tmp_path) == ["photos"]
