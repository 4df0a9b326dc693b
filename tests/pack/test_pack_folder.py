"""Writing shards: the same bytes every time, and all of them or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from fastpass.errors import BadArgument, BadPack, ReadFailed, WouldOverwrite, WriteFailed
from fastpass.pack import Pack, pack_folder


@pytest.fixture
def photos(tmp_path, image) -> Path:
    root = tmp_path / "photos"
    for i in range(12):
        path = root / f"class {i % 3}" / f"{i}.{'jpg' if i % 2 else 'JPEG'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image(16 + i, 16))
    (root / "class 0/3.json").write_text('{"title": "third"}')
    (root / "class 1/no image.jpg").write_bytes(b"damaged")
    return root


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def test_the_pack_holds_what_the_folder_held(photos, tmp_path):
    report = pack_folder(photos, tmp_path / "out", shard_samples=5)
    assert [Path(shard.tar).name for shard in report.shards] == [
        f"shard-00000{i}.tar" for i in range(3)
    ]
    assert (report.num_samples, [shard.num_samples for shard in report.shards]) == (13, [5, 5, 3])
    assert sum(shard.num_unreadable for shard in report.shards) == 1
    assert report.num_bytes == sum(os.path.getsize(shard.tar) for shard in report.shards)
    with Pack(photos) as before, Pack(tmp_path / "out") as after:
        assert after.unindexed_shards == []
        assert after.sample_ids.tolist() == before.sample_ids.tolist()
        assert after.labels.tolist() == before.labels.tolist()
        for old, new in zip(before, after, strict=True):
            assert (old.key, bytes(old.data), old.info) == (new.key, bytes(new.data), new.info)
            assert old.metadata == new.metadata
        assert {sample.key: sample.metadata for sample in after}["class 0/3"] == {"title": "third"}


def test_tarfile_reads_the_shards(photos, tmp_path):
    report = pack_folder(photos, tmp_path / "out")
    with tarfile.open(report.shards[0].tar) as tar:
        names = tar.getnames()
        assert names[:3] == ["class 0/0.jpg", "class 0/0.cls", "class 0/3.jpg"]
        assert tar.extractfile("class 0/3.jpg").read() == (photos / "class 0/3.jpg").read_bytes()
        assert tar.extractfile("class 2/2.cls").read() == b"2"
        assert {(m.mtime, m.uid, m.gid, m.mode, m.uname) for m in tar} == {(0, 0, 0, 0o644, "")}


def test_shard_size(photos, tmp_path):
    report = pack_folder(photos, tmp_path / "out", shard_bytes=8000)
    assert len(report.shards) > 2
    with Pack(tmp_path / "out") as pack:
        assert len(pack) == 13
    for shard in report.shards:
        with tarfile.open(shard.tar) as tar:
            end = max(member.offset_data + member.size for member in tar)
        assert end <= 8000 or shard.num_samples == 1


def test_the_same_folder_gives_the_same_bytes(photos, tmp_path):
    tars = []
    for name in ("one", "two"):
        report = pack_folder(photos, tmp_path / name, shard_samples=4)
        tars.append([Path(shard.tar).read_bytes() for shard in report.shards])
    assert tars[0] == tars[1]


def test_dots_in_names_and_content_before_extension(tmp_path, image):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/2024.05.01.jpg").write_bytes(image(9, 9, "PNG"))
    pack_folder(tmp_path / "in", tmp_path / "out")
    with tarfile.open(tmp_path / "out/shard-000000.tar") as tar:
        assert tar.getnames() == ["2024_05_01.png"]
    (tmp_path / "in/2024_05_01.webp").write_bytes(image(9, 9, "WEBP"))
    with pytest.raises(BadPack, match=r"'2024\.05\.01' and '2024_05_01' both get the key"):
        pack_folder(tmp_path / "in", tmp_path / "out2")
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]


def test_content_is_never_overwritten_unasked(photos, tmp_path):
    out = tmp_path / "out"
    pack_folder(photos, out, shard_samples=4)
    before = tree(out)
    with pytest.raises(WriteFailed, match="is not empty"):
        pack_folder(photos, out)
    assert tree(out) == before
    report = pack_folder(photos, out, force=True)
    names = sorted(path.name for path in out.glob("[!.]*"))
    assert names == ["classes.json", "shard-000000.tar", "shard-000000.tar.fpi"]
    assert len(Pack(out)) == report.num_samples
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(WouldOverwrite, match=r"holds 'thesis\.txt', which fastpass did not write"):
        pack_folder(photos, out, force=True)
    with pytest.raises(WriteFailed, match="is not empty"):
        pack_folder(photos, photos)


def test_existing_empty_and_nested_outputs(photos, tmp_path):
    (tmp_path / "out").mkdir()
    pack_folder(photos, tmp_path / "out")
    assert len(Pack(tmp_path / "out")) == 13
    pack_folder(photos, tmp_path / "new/deep/out")
    assert os.listdir(tmp_path / "new/deep") == ["out"]


def test_an_output_in_the_source_would_be_a_class_of_it(photos, tmp_path):
    (tmp_path / "link").symlink_to(photos)
    before = tree(photos)
    for output in (photos / "shards", photos / "class 0/shards", tmp_path / "link/shards"):
        with pytest.raises(WouldOverwrite, match="is inside of .*photos, which the command reads"):
            pack_folder(photos, output)
    assert tree(photos) == before
    assert Pack(photos).class_names == ["class 0", "class 1", "class 2"]


def test_tars_are_not_packed_again(photos, tmp_path):
    report = pack_folder(photos, tmp_path / "out")
    for source in (tmp_path / "out", report.shards[0].tar):
        with pytest.raises(BadPack, match="run `fastpass index`"):
            pack_folder(source, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_bad_arguments(photos, tmp_path):
    with pytest.raises(BadArgument):
        pack_folder(photos, tmp_path / "out", shard_bytes=0)
    with pytest.raises(BadArgument):
        pack_folder(photos, tmp_path / "out", shard_samples=0)
    with pytest.raises(BadPack, match="no such file or folder"):
        pack_folder(tmp_path / "nothing", tmp_path / "out")


def test_output_that_cannot_be_written(photos, tmp_path):
    (tmp_path / "file").write_text("")
    for output, reason in [(tmp_path / "file/out", "Not a directory"), ("/proc/out", "No such")]:
        with pytest.raises(WriteFailed, match=f"cannot write '{output}': {reason}"):
            pack_folder(photos, output)
    with pytest.raises(WriteFailed, match="Not a directory"):
        pack_folder(photos, tmp_path / "file")


def test_a_source_that_vanishes_leaves_nothing(photos, tmp_path):
    def vanish(done: int, total: int) -> None:
        if done == 3:
            (photos / "class 2/8.JPEG").unlink()

    with pytest.raises(ReadFailed, match=r"8\.JPEG"):
        pack_folder(photos, tmp_path / "out", shard_samples=2, on_progress=vanish)
    assert os.listdir(tmp_path) == ["photos"]


def test_interrupt_leaves_nothing(photos, tmp_path):
    def interrupt(done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack_folder(photos, tmp_path / "out", shard_samples=2, on_progress=interrupt)
    assert os.listdir(tmp_path) == ["photos"]


PACK = """
import os, resource, signal, sys
from fastpass.errors import WriteFailed
from fastpass.pack import pack_folder
source, output, fault = sys.argv[1:]
if fault == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))  # SIGXFSZ is ignored: EFBIG
def on_progress(done, total):
    if fault == "kill" and done == 9:
        os.kill(os.getpid(), signal.SIGKILL)
try:
    pack_folder(source, output, shard_samples=4 if fault == "kill" else None,
                on_progress=on_progress)
except WriteFailed as error:
    print(error)
    sys.exit(1)
"""


def run_pack(source: Path, output: Path, fault: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PACK, source, output, fault]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("is_there", [False, True])
def test_kill_in_the_middle_leaves_no_visible_output(photos, tmp_path, is_there):
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
    assert run_pack(photos, out, "kill").returncode == -signal.SIGKILL
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == ["out", "photos"][not is_there :]
    with pytest.raises(BadPack, match=r"no such file|no image"):
        Pack(out)
    assert run_pack(photos, out, "none").returncode == 0  # the next run is not in the way
    assert len(Pack(out)) == 13


def test_file_size_limit(photos, tmp_path, image):
    run = run_pack(photos, tmp_path / "out", "limit")
    assert run.returncode == 1, run.stderr
    assert f"cannot write '{tmp_path / 'out'}': File too large" in run.stdout
    assert os.listdir(tmp_path) == ["photos"]


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs needs root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.parametrize("name", ["", "out"])
def test_full_disk(photos, small_disk, name):
    with pytest.raises(WriteFailed, match="No space left on device"):
        pack_folder(photos, small_disk / name)
    assert os.listdir(small_disk) == []


def test_read_only_disk(photos, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(WriteFailed, match="Read-only file system"):
        pack_folder(photos, small_disk / "out")


def test_report_is_plain_data(photos, tmp_path):
    from dataclasses import asdict

    assert json.loads(json.dumps(asdict(pack_folder(photos, tmp_path / "out"))))
