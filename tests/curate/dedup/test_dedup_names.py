"""Names of any bytes in tables and lists; lists that a Pack and a shell read back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from support.dedup_photos import rows_of, write_bytes, write_image

import fastpass as fp
from fastpass.cli import cli
from fastpass.curate.dedup import DedupOptions, dedup

NAMES = [b"plain.jpg", b"not\xffutf8\xfe.jpg", b"new\nline.jpg", "\u00fcber.jpg".encode()]
NAMES += [rb"back\xffslash.jpg", b" space .jpg"]


def _odd_names(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for seed, name in enumerate(NAMES):
        write_image(folder, name, seed)
    write_image(folder, b"copy \xff.jpg", 1)
    write_bytes(folder, b"broken \xff.jpg", b"\xff\xd8")
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
        write_image(tmp_path / "photos" / "in here", b"%d x.jpg" % seed, seed)
    dedup(str(tmp_path / "photos"), tmp_path / "out")
    lines = (tmp_path / "out" / "keep-files.txt").read_text().splitlines()
    assert lines == [str(tmp_path / "photos" / "in here" / f"{i} x.jpg") for i in range(3)]
    assert all(Path(line).is_file() for line in lines)
    keys = (tmp_path / "out" / "keep.txt").read_text()
    assert keys == "".join(f"in here/{i} x\n" for i in range(3))


def test_a_tar_has_no_files_to_list(tmp_path: Path) -> None:
    write_image(tmp_path / "photos", b"a.jpg", 1)
    subprocess.run(
        ["tar", "-cf", tmp_path / "a.tar", "-C", tmp_path / "photos", "a.jpg"], check=True
    )
    dedup(str(tmp_path / "a.tar"), tmp_path / "out")
    assert (tmp_path / "out" / "keep.txt").read_text() == "a\n"
    assert not (tmp_path / "out" / "keep-files.txt").exists()
