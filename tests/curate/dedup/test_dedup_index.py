"""The index of earlier collections: one kind in a file, flat images, runs that begin again."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from support.dedup_photos import by_key, picture, save

import fastpass as fp
from fastpass.cli import cli
from fastpass.curate import CodeFile
from fastpass.curate.dedup import DedupOptions, dedup

KINDS = ["pdq", "pdq_fast", "phash", "dhash", "ahash", "whash"]


def _options(kind: str) -> DedupOptions:
    return DedupOptions(kind=kind, radius=31 if kind.startswith("pdq") else 4)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed in range(3):
        save(picture(seed), tmp_path / "photos" / f"{seed}.png")
    Image.new("RGB", (60, 50), (90, 90, 90)).save(tmp_path / "photos" / "flat.png")
    return tmp_path / "photos"


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_records_its_kind(photos: Path, tmp_path: Path, kind: str) -> None:
    index = tmp_path / "codes"
    dedup(photos, tmp_path / "out", index=index, options=_options(kind))
    assert CodeFile(index).kind == kind
    content = index.read_bytes()
    for other in KINDS:
        if other == kind:
            continue
        with pytest.raises(fp.ConfigError, match=f"holds codes of {kind}|holds codes of .* bits"):
            dedup(photos, tmp_path / f"out-{other}", index=index, options=_options(other))
    assert index.read_bytes() == content
    again = dedup(photos, tmp_path / "again", index=index, options=_options(kind))
    assert again.count("in_index") == 4  # the flat one too


def test_flat_images_are_known_by_their_bytes(photos: Path, tmp_path: Path) -> None:
    index = tmp_path / "codes"
    dedup(photos, tmp_path / "out", index=index)
    (tmp_path / "new").mkdir()
    Image.new("RGB", (60, 50), (91, 90, 90)).save(tmp_path / "new" / "b.png")
    (tmp_path / "new" / "a.png").write_bytes((photos / "flat.png").read_bytes())
    dedup(tmp_path / "new", tmp_path / "second", index=index)
    status = {key: row["status"] for key, row in by_key(tmp_path / "second").items()}
    assert status == {"a": "in_index", "b": "kept"}


def _as_version_1(index: Path) -> None:
    data = index.read_bytes()
    code_bytes, size = struct.unpack_from("<IQ", data, 12)
    fields = struct.pack("<8sIIQ", b"FPCODES\n", 1, code_bytes, size)
    header = (fields + struct.pack("<I", zlib.crc32(fields))).ljust(32, b"\0")
    index.write_bytes(header + data[32:])


@pytest.mark.parametrize(
    ("kind", "taken_for"), [("pdq", "pdq"), ("phash", "phash"), ("dhash", "phash")]
)
def test_an_index_without_a_kind(photos: Path, tmp_path: Path, kind: str, taken_for: str) -> None:
    index = tmp_path / "codes"
    dedup(photos, tmp_path / "out", index=index, options=_options(kind))
    _as_version_1(index)
    assert CodeFile(index).kind == ""
    save(picture(50), tmp_path / "more" / "new.png")
    arguments = ["dedup", str(tmp_path / "more"), "--kind", kind, "--index", str(index)]
    arguments += ["--threads", "1", "-o", str(tmp_path / "second")]
    told = CliRunner().invoke(cli, arguments)
    if kind == taken_for:
        assert told.exit_code == 0
    else:
        assert told.exit_code == 1
        assert f"is taken for {taken_for}; if it holds {kind}" in told.stderr
        told = CliRunner().invoke(cli, [*arguments, "--index-kind", kind], catch_exceptions=False)
        assert told.exit_code == 0
    assert CodeFile(index).kind == kind
    assert len(CodeFile(index)) == 5
    third = dedup(photos, tmp_path / "third", index=index, options=_options(kind))
    assert third.count("in_index") == 4


def test_a_file_that_was_edited_to_the_same_size(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    save(picture(1), photos / "a.png", compress_level=0)
    save(picture(2), photos / "b.png", compress_level=0)
    save(picture(2), photos / "c.png", compress_level=0)
    index = tmp_path / "codes"
    arguments = ["dedup", str(photos), "--index", str(index), "-o", str(tmp_path / "out")]
    arguments += ["--threads", "1"]
    assert CliRunner().invoke(cli, arguments, catch_exceptions=False).exit_code == 0
    before = (photos / "c.png").stat()
    save(picture(3), photos / "c.png", compress_level=0)
    assert (photos / "c.png").stat().st_size == before.st_size
    os.utime(photos / "c.png", ns=(before.st_mtime_ns, before.st_mtime_ns + 1))
    told = CliRunner().invoke(cli, arguments)
    assert told.exit_code == 1
    assert "another source" in told.stderr
    assert "--rehash" in told.stderr
    for _ in range(2):
        told = CliRunner().invoke(cli, [*arguments, "--rehash"], catch_exceptions=False)
        assert {row["status"] for row in by_key(tmp_path / "out").values()} == {"kept"}
        expected = fp.hash_images([p.read_bytes() for p in sorted(photos.iterdir())], "pdq")
        codes = CodeFile(index).codes()
        assert sorted(c.tobytes() for c in codes) == sorted(
            c.tobytes() for c in expected.codes["pdq"]
        )


def test_rehash_takes_up_whatever_lies_there(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    dedup(photos, output)
    expected = {p.name: p.read_bytes() for p in output.iterdir() if p.is_file()}
    for damage in (b"{}", b"\xff", b'{"version": 1}', b'{"version": 2, "asked": 7}'):
        (output / "work" / "plan.json").write_bytes(damage)
        (output / "work" / "hashes-000000.parquet").write_bytes(b"rubbish")
        with pytest.raises(fp.FastpassError, match="--rehash"):
            dedup(photos, output)
        dedup(photos, output, rehash=True)
        assert {p.name: p.read_bytes() for p in output.iterdir() if p.is_file()} == expected


def test_files_of_codes_with_kinds(tmp_path: Path) -> None:
    file = CodeFile.create(tmp_path / "codes", 8, kind="phash")
    codes = np.arange(24, dtype=np.uint8).reshape(3, 8)
    file.append(codes)
    again = CodeFile(tmp_path / "codes")
    assert (again.kind, len(again)) == ("phash", 3)
    assert np.array_equal(again.codes(), codes)
    with pytest.raises(fp.BadArgument, match="holds codes of phash, not of dhash"):
        again.append(codes, kind="dhash")
    with pytest.raises(fp.BadArgument, match="kind"):
        CodeFile.create(tmp_path / "other", 8, kind="md5")
    header = bytearray((tmp_path / "codes").read_bytes())
    header[24] = 99
    (tmp_path / "codes").write_bytes(header)
    with pytest.raises(fp.BadPack, match="header is damaged"):
        CodeFile(tmp_path / "codes")
