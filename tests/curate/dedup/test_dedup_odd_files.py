"""Files that would end a run: each is a row with a named error, or passed over, and no more."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.dedup_photos import by_key, picture, rows_of, save, write_bytes, write_image

import fastpass as fp
from fastpass.cli import cli
from fastpass.curate.dedup import dedup
from fastpass.curate.dedup.tasks import PackForTasks


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
    write_bytes(tmp_path / "photos", b"odd.png", _png_with(tmp_path, kind, data))
    write_image(tmp_path / "photos", b"good.jpg", 2)
    result = dedup(str(tmp_path / "photos"), tmp_path / "out")
    images = by_key(tmp_path / "out")
    assert images["good"]["status"] == "kept"
    errors = {row["key"]: row["error"] for row in rows_of(tmp_path / "out" / "hashes.parquet")}
    if images["odd"]["status"] == "unreadable":
        assert errors["odd"].startswith("CorruptImage: Pillow cannot decode this PNG: ")
        assert "0x" not in errors["odd"]  # an address: no two runs would have the same tables
    else:
        assert errors["odd"] == ""
    assert result.count("kept") + result.count("unreadable") == 2


def test_what_pillow_thinks_of_files_is_not_printed(tmp_path: Path) -> None:
    """Its warnings name no file; ours do."""
    folder = tmp_path / "photos"
    write_image(folder, b"good.jpg", 2)
    picture(1).save(folder / "whole.tif")
    data = bytearray((folder / "whole.tif").read_bytes())
    directory = int.from_bytes(data[4:8], "little")
    data[directory + 2 + 4 : directory + 2 + 8] = (
        b"\xff\xff\xff\x0f"  # the first tag has many values
    )
    (folder / "odd.tif").write_bytes(data)
    words = ["-m", "fastpass", "dedup", folder, "--threads", "1", "-o", tmp_path / "out"]
    told = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=True
    )
    assert "Warning" not in told.stderr
    assert "PIL" not in told.stderr
    errors = {row["key"]: row["error"] for row in rows_of(tmp_path / "out" / "hashes.parquet")}
    assert errors["odd"].startswith("CorruptImage: ")


def test_folders_named_like_files_and_files_that_go(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for seed in range(4):
        write_image(folder, b"%d.jpg" % seed, seed)
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


def test_a_source_that_changes_before_workers_open_it(tmp_path: Path) -> None:
    for seed in range(3):
        write_image(tmp_path / "photos", b"%d.jpg" % seed, seed)
    with fp.Pack(tmp_path / "photos") as pack:
        source = PackForTasks.of(pack)
    PackForTasks.forget_all()
    assert len(source.open()) == 3  # as another process opens it
    PackForTasks.forget_all()
    write_image(tmp_path / "photos", b"4.jpg", 4)
    with pytest.raises(fp.ReadFailed, match="was changed while it was read"):
        source.open()


def test_what_is_passed_over_is_said(tmp_path: Path) -> None:
    write_image(tmp_path / "photos", b"a.jpg", 1)
    for name in (b"a.nef", b"notes.txt", b"more.txt"):
        write_bytes(tmp_path / "photos", name, b"something")
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


@pytest.mark.parametrize("metadata", [rb'{"licence": "\ud800", "date": 7}', b"[]", b"{", b"\xff"])
def test_metadata_of_any_kind(tmp_path: Path, metadata: bytes) -> None:
    """They may say which image is kept, and end nothing."""
    write_image(tmp_path / "photos", b"a.jpg", 1)
    write_bytes(tmp_path / "photos", b"a.json", metadata)
    write_bytes(tmp_path / "photos", b"a.cls", b"3")
    dedup(str(tmp_path / "photos"), tmp_path / "out")
    (row,) = rows_of(tmp_path / "out" / "hashes.parquet")
    assert row["error"] == ""
    assert row["licence"] == (r"\ud800" if b"licence" in metadata else "")
