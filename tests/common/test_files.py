"""Whole files: what is at a path after an error, Ctrl-C or a full disk, and what it may be."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastpass.common.files import write_file, written_file, written_path
from fastpass.errors import BadPack, WriteFailed


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process, pytest's own output too, may grow beyond 4096 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_text_and_bytes_and_a_missing_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "text"
    assert write_file(path, "Größe\n") == path
    assert path.read_bytes() == "Größe\n".encode()
    write_file(path, b"\xff\x00")
    assert path.read_bytes() == b"\xff\x00"
    assert os.listdir(path.parent) == ["text"]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_the_umask_decides_who_may_read(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_file(tmp_path / "file", "x")
        with written_path(tmp_path / "closed") as temporary:
            temporary.write_text("x")
            temporary.chmod(0o600)  # as tempfile makes them
    finally:
        os.umask(before)
    for name in ("file", "closed"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(error), written_file(path) as file:
        file.write(b"half")
        raise error
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_errors_of_ours_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(BadPack, match="^a reason$"), written_path(tmp_path / "file"):
        raise BadPack("a reason")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_named_and_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with full_disk(), pytest.raises(WriteFailed, match=f"^cannot write {path}: File too large"):
        write_file(path, bytes(5000))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteFailed, match="Is a directory"):
        write_file(tmp_path / "folder", "x")
    with pytest.raises(WriteFailed, match="cannot write /dev/null/x: Not a directory"):
        write_file("/dev/null/x", "x")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_link_stays_and_a_device_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("old")
    (tmp_path / "link").symlink_to("folder/file")
    write_file(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "file").read_text() == "new"
    write_file("/dev/null", "x")
    assert Path("/dev/null").is_char_device()


def test_long_names(tmp_path: Path) -> None:
    name = "ä" * 127  # 254 bytes
    write_file(tmp_path / name, "x")
    assert os.listdir(tmp_path) == [name]


_ENDLESS = """
import sys
from fastpass.common.files import write_file
print("ready", flush=True)
while True:
    write_file(sys.argv[1], bytes([65 + len(sys.argv)]) * 2_000_000)
"""


@pytest.mark.parametrize("delay", [0.0, 0.011, 0.023, 0.038])
def test_ctrl_c_at_any_time(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "file"
    command = [sys.executable, "-c", _ENDLESS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05 + delay)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()
    assert set(os.listdir(tmp_path)) <= {"file"}
    assert not path.exists() or path.read_bytes() == b"C" * 2_000_000
