"""fastpass dedup from end to end: planted duplicates, evaluation sets, damage, kills, engines."""

from __future__ import annotations

import importlib.util
import json
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from PIL import Image, ImageFilter, ImageOps

import fastpass as fp
from fastpass.cli import cli
from fastpass.curate import CodeFile
from fastpass.curate.dedup import DedupOptions, dedup


def _picture(seed: int, side: int = 300) -> Image.Image:
    """Blobs that PDQ tells apart, of high quality."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((side + 20, side), Image.Resampling.BICUBIC)


def _save(picture: Image.Image, path: Path, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures; copies of some of them; what cannot be read; a flat one."""
    root = tmp_path_factory.mktemp("dedup") / "photos"
    for i in range(24):
        _save(_picture(i), root / f"original_{i:02d}.jpg", quality=95)
    _save(_picture(3), root / "copy_03_small.jpg", quality=50)
    _save(_picture(3).resize((600, 562)), root / "copy_03_large.png")
    _save(_picture(5).filter(ImageFilter.GaussianBlur(1)), root / "copy_05_blurred.jpg")
    (root / "copy_07_bytes.jpg").write_bytes((root / "original_07.jpg").read_bytes())
    _save(_picture(9).transpose(Image.Transpose.ROTATE_90), root / "turned_09.jpg")
    _save(ImageOps.mirror(_picture(11)), root / "mirrored_11.jpg")
    for name in ("flat_a", "flat_b"):
        _save(
            Image.new("RGB", (80, 80), (9, 9, 9 if name == "flat_a" else 12)), root / f"{name}.jpg"
        )
    whole = (root / "original_01.jpg").read_bytes()
    (root / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "text.jpg").write_bytes(b"this is no picture")
    (root / "empty.jpg").write_bytes(b"")
    return root


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _by_key(output: Path) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in _rows(output / "clusters.parquet")}


def _contents(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()}


def test_planted_duplicates_are_found(folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = dedup(str(folder), tmp_path)
    images = _by_key(tmp_path)
    assert images["original_03"]["kept_key"] == "copy_03_large"  # the most pixels
    assert images["copy_03_small"]["kept_key"] == "copy_03_large"
    assert images["copy_03_large"]["group_size"] == 3
    assert images["copy_05_blurred"]["group_size"] == 2
    assert {images["original_07"]["status"], images["copy_07_bytes"]["status"]} == {
        "kept",
        "duplicate",
    }
    assert images["copy_07_bytes"]["kept_key"] == "copy_07_bytes"  # equal: the key decides
    for key in ("turned_09", "mirrored_11", "flat_a", "flat_b", "original_00"):
        assert images[key]["status"] == "kept", key
    for key in ("cut", "text", "empty"):
        assert images[key]["status"] == "unreadable"
    kept = (tmp_path / "keep.txt").read_text().split()
    assert len(kept) == result.count("kept") == 24 + 4
    pairs = _rows(tmp_path / "pairs.parquet")
    assert {(p["first"], p["second"]) for p in pairs} == {
        ("copy_03_large", "copy_03_small"),
        ("copy_03_large", "original_03"),
        ("copy_03_small", "original_03"),
        ("copy_05_blurred", "original_05"),
        ("copy_07_bytes", "original_07"),
    }
    assert all(p["distance"] <= 31 for p in pairs)
    errors = {row["key"]: row["error"] for row in _rows(tmp_path / "hashes.parquet")}
    assert errors["cut"].startswith("CorruptImage: ")
    assert errors["text"].startswith("UnsupportedImage: ")
    assert errors["original_00"] == ""
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/jpeg;base64,") >= 7
    assert "http" not in page
    assert "CorruptImage" in page
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_codes_are_those_of_hash_images(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path)
    for row in _rows(tmp_path / "hashes.parquet"):
        if row["error"] == "":
            paths = [p for p in folder.iterdir() if p.stem == row["key"]]
            expected = fp.hash_images([paths[0].read_bytes()], ["pdq", "sha256"])
            assert row["pdq"] == expected.codes["pdq"][0].tobytes()
            assert row["sha256"] == expected.codes["sha256"][0].tobytes()
            assert row["quality"] == expected.quality[0]


def test_turned_and_mirrored_copies(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path, options=DedupOptions(dihedral=True))
    images = _by_key(tmp_path)
    assert images["turned_09"]["kept_key"] == images["original_09"]["kept_key"]
    assert images["mirrored_11"]["kept_key"] == images["original_11"]["kept_key"]
    how = {(p["first"], p["second"]): p["transform"] for p in _rows(tmp_path / "pairs.parquet")}
    assert how[("original_09", "turned_09")].startswith("rotate")
    assert how[("mirrored_11", "original_11")].startswith("flip")
    assert how[("copy_05_blurred", "original_05")] == ""


def test_keep_keys(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path, options=DedupOptions(keep=("bytes",)))
    assert _by_key(tmp_path)["original_03"]["kept_key"] == "copy_03_small"


def test_an_evaluation_set(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "evaluation"
    _save(_picture(2).resize((280, 262)), other / "test_2.png")
    _save(_picture(3), other / "test_3.jpg", quality=70)
    _save(_picture(1000), other / "unrelated.jpg")
    result = dedup(str(folder), tmp_path / "out", against=str(other))
    images = _by_key(tmp_path / "out")
    removed = {key for key, row in images.items() if row["status"] == "in_against"}
    assert removed == {"original_02", "original_03", "copy_03_small", "copy_03_large"}
    found = _rows(tmp_path / "out" / "against.parquet")
    assert {(row["key"], row["against_key"]) for row in found} == {
        ("original_02", "test_2"),
        ("original_03", "test_3"),
        ("copy_03_small", "test_3"),
        ("copy_03_large", "test_3"),
    }
    assert not removed & set((tmp_path / "out" / "keep.txt").read_text().split())
    assert result.count("in_against") == 4


def test_an_index_remembers_what_was_kept(folder: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    _save(_picture(4).resize((280, 262)), second / "known.jpg")
    _save(_picture(500), second / "new.jpg")
    index = tmp_path / "codes"
    for _ in range(2):  # the second time changes nothing
        first = dedup(str(folder), tmp_path / "a", index=index)
        size = len(CodeFile(index))
        assert first.count("in_index") == 0
        assert size == first.count("kept") - 2  # flat images have no code
    dedup(str(second), tmp_path / "b", index=index)
    images = _by_key(tmp_path / "b")
    assert images["known"]["status"] == "in_index"
    assert images["new"]["status"] == "kept"
    assert len(CodeFile(index)) == size + 1


def test_tars(folder: Path, tmp_path: Path) -> None:
    tars = [tmp_path / "a.tar", tmp_path / "b.tar"]
    files = sorted(folder.iterdir())
    for tar, chosen in zip(tars, (files[:15], files[15:]), strict=True):
        with tarfile.open(tar, "w") as archive:
            for file in chosen:
                archive.add(file, arcname=file.name)
    dedup([str(tar) for tar in tars], tmp_path / "tars")
    dedup(str(folder), tmp_path / "folder")
    of_tars, of_folder = _by_key(tmp_path / "tars"), _by_key(tmp_path / "folder")
    assert of_tars == of_folder


@pytest.mark.parametrize("kind", ["pdq_fast", "phash", "dhash"])
def test_other_kinds(folder: Path, tmp_path: Path, kind: str) -> None:
    dedup(
        str(folder),
        tmp_path,
        options=DedupOptions(kind=kind, radius=8 if kind != "pdq_fast" else 31),
    )
    images = _by_key(tmp_path)
    assert images["copy_03_small"]["kept_key"] == images["original_03"]["kept_key"]


def test_many_images_by_tasks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs as tasks gives what is done at once."""
    options = {"against": str(folder), "options": DedupOptions(dihedral=True)}
    dedup(str(folder), tmp_path / "at once", **options)  # type: ignore[arg-type]
    monkeypatch.setattr("fastpass.curate.dedup.run.SAMPLES_PER_TASK", 5)
    monkeypatch.setattr("fastpass.curate.dedup.matching._FEW_CODES", 2)
    monkeypatch.setattr("fastpass.curate.dedup.matching._QUERIES_PER_TASK", 7)
    dedup(str(folder), tmp_path / "tasks", **options)  # type: ignore[arg-type]
    assert len(list((tmp_path / "tasks" / "work").glob("*.parquet"))) > 40
    assert _contents(tmp_path / "at once") == _contents(tmp_path / "tasks")


def _engines() -> list[Any]:
    has_ray = importlib.util.find_spec("ray") is not None
    needs_ray = pytest.mark.skipif(not has_ray, reason="the package ray is not installed")
    return ["local", pytest.param("ray", marks=needs_ray)]


@pytest.mark.parametrize("engine", _engines())
def test_engines_give_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Any
) -> None:
    dedup(str(folder), tmp_path / "one")
    monkeypatch.setattr("fastpass.curate.dedup.run.SAMPLES_PER_TASK", 9)
    dedup(str(folder), tmp_path / "many", options=DedupOptions(threads=2, engine=engine))
    assert len(list((tmp_path / "many" / "work").glob("hashes-*.parquet"))) == 4
    assert _contents(tmp_path / "one") == _contents(tmp_path / "many")


_KILLED = """
import sys
import fastpass.curate.dedup.matching, fastpass.curate.dedup.run
fastpass.curate.dedup.run.SAMPLES_PER_TASK = 4
fastpass.curate.dedup.matching._FEW_CODES = 2
from fastpass.curate.dedup import DedupOptions, dedup
dedup(sys.argv[1], sys.argv[2], index=sys.argv[3], options=DedupOptions(threads=1))
"""


def _count_files(folder: Path) -> int:
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_kill_9_at_any_point_changes_nothing(folder: Path, tmp_path: Path) -> None:
    def start(name: str) -> subprocess.Popen[bytes]:
        arguments = [str(folder), str(tmp_path / name), str(tmp_path / f"{name}.codes")]
        return subprocess.Popen([sys.executable, "-c", _KILLED, *arguments])

    assert start("whole").wait() == 0
    work = tmp_path / "whole" / "work"
    num_files = len(list(work.iterdir()))
    # Each time a few files later, and at a random moment then.
    rng = random.Random(5)
    kills = 0
    for wanted in range(1, num_files + 1, 3):
        process = start("killed")
        while process.poll() is None and _count_files(tmp_path / "killed" / "work") < wanted:
            time.sleep(0.001)
        time.sleep(rng.uniform(0.0, 0.02))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills > 2
    assert start("killed").wait() == 0
    assert _contents(tmp_path / "whole") == _contents(tmp_path / "killed")
    codes = [CodeFile(tmp_path / f"{name}.codes").codes() for name in ("whole", "killed")]
    assert np.array_equal(*codes)


_KILLED_WORKERS = """
import sys
import fastpass.curate.dedup.run
from fastpass.curate.dedup import DedupOptions, dedup
if __name__ == "__main__":
    fastpass.curate.dedup.run.SAMPLES_PER_TASK = 2
    dedup(sys.argv[1], sys.argv[2], options=DedupOptions(threads=2))
"""


def _children(pid: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _until(what: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.01)
    return what()


def test_workers_end_with_a_killed_run(folder: Path, tmp_path: Path) -> None:
    program, output = tmp_path / "run.py", tmp_path / "killed"
    program.write_text(_KILLED_WORKERS)
    process = subprocess.Popen([sys.executable, str(program), str(folder), str(output)])
    assert _until(lambda: len(list(output.glob("work/hashes-*.parquet"))) > 1)
    children = _children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(children) >= 2
    assert _until(lambda: not any(map(_is_running, children)))
    half = [output / ".keep.txt.partial", output / "work" / ".hashes-000001.parquet.1.partial"]
    for path in half:
        path.write_text("half")
    theirs = output / ".notes.partial"
    theirs.write_text("somebody's")
    subprocess.run([sys.executable, str(program), str(folder), str(output)], check=True)
    assert not any(path.exists() for path in half)
    assert theirs.read_text() == "somebody's"
    theirs.unlink()
    dedup(str(folder), tmp_path / "whole")
    assert _contents(output) == _contents(tmp_path / "whole")


def test_two_runs_at_once_in_a_folder(folder: Path, tmp_path: Path) -> None:
    def again(what: str, done: int, total: int) -> None:
        with pytest.raises(fp.ConfigError, match="another run is at work"):
            dedup(str(folder), tmp_path)
        told.append(what)

    told: list[str] = []
    dedup(str(folder), tmp_path, on_progress=again)
    assert told


def test_an_index_that_others_changed_in_between(folder: Path, tmp_path: Path) -> None:
    index = tmp_path / "codes"

    class Killed(Exception):
        pass

    def end(what: str, done: int, total: int) -> None:
        if what == "grouping":
            raise Killed

    with pytest.raises(Killed):
        dedup(str(folder), tmp_path / "a", index=index, on_progress=end)
    CodeFile(index).append(np.zeros((100, 32), dtype=np.uint8))
    with pytest.raises(fp.ConfigError, match="changed by another run"):
        dedup(str(folder), tmp_path / "a", index=index)


def test_another_run_in_the_same_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path)
    with pytest.raises(fp.ConfigError, match="another options"):
        dedup(str(folder), tmp_path, options=DedupOptions(radius=10))
    with pytest.raises(fp.ConfigError, match="another against"):
        dedup(str(folder), tmp_path, against=str(folder))


def test_the_command(folder: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    arguments = ["dedup", str(folder), "-o", str(tmp_path / "out"), "--threads", "1"]
    result = runner.invoke(cli, [*arguments, "--memory", "512MiB"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "kept         28" in result.output
    assert "unreadable   3" in result.output
    again = runner.invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    counts = json.loads(again.stdout)
    assert counts.pop("report") == str(tmp_path / "out" / "report.html")
    assert counts == {
        "kept": 28,
        "duplicate": 4,
        "in_against": 0,
        "in_index": 0,
        "unreadable": 3,
        "pairs": 5,
    }
    for wrong in (["--keep", "beauty"], ["--radius", "300"], ["--memory", "much"]):
        refused = runner.invoke(cli, [*arguments, *wrong])
        assert refused.exit_code == 2, wrong
        assert wrong[0].removeprefix("--") in refused.output
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(fp.FastpassError):
        runner.invoke(cli, ["dedup", str(empty), "-o", str(tmp_path / "x")], catch_exceptions=False)


def test_a_folder_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(fp.WriteFailed, match="file"):
        dedup(str(folder), blocked / "out")


def test_damaged_work_is_named(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path)
    part = tmp_path / "work" / "hashes-000000.parquet"
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(fp.BadPack, match="hashes-000000"):
        dedup(str(folder), tmp_path)
