"""Files that would end a run: each is a row with a named error, or passed over, and no more."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from support.dedup_photos import by_key, picture, rows_of, save

import fastpass as fp
from fastpass.cli import cli
from fastpass.curate.dedup import DedupOptions, dedup

NAMES = [b"plain.jpg", b"not\xffutf8\xfe.jpg", b"new\nline.jpg", "\u00fcber.jpg".encode()]
NAMES += [rb"back\xffslash.jpg", b" space .jpg"]


def _write(folder: Path, name: bytes, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(os.fsencode(folder) + b"/" + name, "wb") as file:
        file.write(data)


def _jpeg(tmp_path: Path, seed: int) -> bytes:
    save(picture(seed), tmp_path / "made.jpg")
    return (tmp_path / "made.jpg").read_bytes()


def _png_with(tmp_path: Path, kind: bytes, data: bytes) -> bytes:
    save(picture(1), tmp_path / "made.png")
    png = (tmp_path / "made.png").read_bytes()
    chunk = struct.pack(">I", len(data)) + kind + data
    return png[:33] + chunk + struct.pack(">I", zlib.crc32(kind + data)) + png[33:]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (b"iCCP", b""),
        (b"iCCP", b"name\0"),
        (b"iCCP", b"name\0\7rubbish"),
        (b"gAMA", b""),
        (b"cHRM", b"\0"),
        (b"pHYs", b"\0\0"),
        (b"tRNS", b""),
        (b"acTL", b"\0"),
        (b"zTXt", b"key\0"),
        (b"iTXt", b"k\0\1"),
        (b"sRGB", b""),
    ],
)
def test_a_png_with_an_odd_chunk(tmp_path: Path, kind: bytes, data: bytes) -> None:
    _write(tmp_path / "photos", b"odd.png", _png_with(tmp_path, kind, data))
    _write(tmp_path / "photos", b"good.jpg", _jpeg(tmp_path, 2))
    result = dedup(str(tmp_path / "photos"), tmp_path / "out")
    images = by_key(tmp_path / "out")
    assert images["good"]["status"] == "kept"
    errors = {row["key"]: row["error"] for row in rows_of(tmp_path / "out" / "hashes.parquet")}
    if images["odd"]["status"] == "unreadable":
        assert errors["odd"].startswith("CorruptImage: Pillow cannot decode this PNG: ")
    else:
        assert errors["odd"] == ""
    assert result.count("kept") + result.count("unreadable") == 2


def _odd_names(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for seed, name in enumerate(NAMES):
        _write(folder, name, _jpeg(tmp_path, seed))
    _write(folder, b"copy \xff.jpg", _jpeg(tmp_path, 1))
    _write(folder, b"broken \xff.jpg", b"\xff\xd8")
    return folder


def test_names_of_any_bytes(tmp_path: Path) -> None:
    folder, output = _odd_names(tmp_path), tmp_path / "out"
    arguments = ["dedup", str(folder), "-o", str(output), "--threads", "1"]
    told = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert told.exit_code == 0
    assert "kept         6" in told.output
    hashes = rows_of(output / "hashes.parquet")
    stems = {os.path.splitext(name)[0] for name in os.listdir(os.fsencode(folder))}
    assert {row["key_bytes"] for row in hashes} == stems
    shown = {row["key_bytes"]: row["key"] for row in hashes}
    assert shown[b"not\xffutf8\xfe"] == r"not\xffutf8\xfe"
    assert shown[b"new\nline"] == r"new\x0aline"
    assert shown["\u00fcber".encode()] == "\u00fcber"
    pairs = rows_of(output / "pairs.parquet")
    assert [(p["first"], p["second"]) for p in pairs] == [(r"copy \xff", r"not\xffutf8\xfe")]
    page = (output / "report.html").read_text(encoding="utf-8")
    assert r"not\xffutf8\xfe" in page
    assert pq.read_table(output / "clusters.parquet").num_rows == 8


@pytest.mark.parametrize("null", [False, True])
def test_lists_can_be_read_back(tmp_path: Path, null: bool) -> None:
    """By a Pack, and by a shell: also where a name holds a newline, which ends names with zeros."""
    folder, output = _odd_names(tmp_path), tmp_path / "out"
    if null:
        os.unlink(os.fsencode(folder) + b"/new\nline.jpg")
    result = dedup(str(folder), output, options=DedupOptions(null=null))
    kept = [key for key, s in zip(result.images["key"], result.status, strict=True) if s == "kept"]
    with fp.Pack(folder, keep=output / "keep.txt") as pack:
        assert pack.sample_keys == kept
    target = tmp_path / "chosen"
    target.mkdir()
    subprocess.run(["xargs", "-0", "-a", output / "keep-files.txt", "cp", "-t", target], check=True)
    names = {os.path.splitext(name)[0] for name in os.listdir(os.fsencode(target))}
    assert names == {os.fsencode(key) for key in kept}
    assert (output / "keep.txt").read_bytes().count(b"\0") == len(kept)


def test_lists_of_plain_names_have_lines(tmp_path: Path) -> None:
    for seed in range(3):
        _write(tmp_path / "photos" / "in here", b"%d x.jpg" % seed, _jpeg(tmp_path, seed))
    dedup(str(tmp_path / "photos"), tmp_path / "out")
    lines = (tmp_path / "out" / "keep-files.txt").read_text().splitlines()
    assert lines == [str(tmp_path / "photos" / "in here" / f"{i} x.jpg") for i in range(3)]
    assert all(Path(line).is_file() for line in lines)
    keys = (tmp_path / "out" / "keep.txt").read_text()
    assert keys == "".join(f"in here/{i} x\n" for i in range(3))


def test_a_tar_has_no_files_to_list(tmp_path: Path) -> None:
    _write(tmp_path / "photos", b"a.jpg", _jpeg(tmp_path, 1))
    subprocess.run(
        ["tar", "-cf", tmp_path / "a.tar", "-C", tmp_path / "photos", "a.jpg"], check=True
    )
    dedup(str(tmp_path / "a.tar"), tmp_path / "out")
    assert (tmp_path / "out" / "keep.txt").read_text() == "a\n"
    assert not (tmp_path / "out" / "keep-files.txt").exists()


def test_folders_named_like_files_and_files_that_go(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for seed in range(4):
        _write(folder, b"%d.jpg" % seed, _jpeg(tmp_path, seed))
    (folder / "1.json").mkdir()
    (folder / "2.cls").mkdir()
    (folder / "x.jpg").mkdir()

    def remove(what: str, done: int, total: int) -> None:
        (folder / "3.jpg").unlink(missing_ok=True)

    result = dedup(str(folder), tmp_path / "out", on_progress=remove)
    assert result.count("kept") == 3
    errors = {row["key"]: row["error"] for row in rows_of(tmp_path / "out" / "hashes.parquet")}
    assert errors["3"].startswith("ReadFailed: ")
    assert "3.jpg" in errors["3"]


def test_what_is_passed_over_is_said(tmp_path: Path) -> None:
    _write(tmp_path / "photos", b"a.jpg", _jpeg(tmp_path, 1))
    for name in (b"a.nef", b"notes.txt", b"more.txt"):
        _write(tmp_path / "photos", name, b"something")
    with fp.Pack(tmp_path / "photos") as pack:
        expected = pack.skipped_files
    assert sum(expected.values()) == 3
    arguments = ["dedup", str(tmp_path / "photos"), "-o", str(tmp_path / "out"), "--threads", "1"]
    told = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    for reason, count in expected.items():
        assert f"passed over  {count} ({reason})" in told.output
        assert reason in (tmp_path / "out" / "report.html").read_text()
    told = CliRunner().invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    assert json.loads(told.stdout)["skipped_files"] == expected
