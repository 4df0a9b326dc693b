"""What dedup finds: planted duplicates, turned copies, evaluation sets, indexes, tars."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from support.dedup_photos import by_key, picture, rows_of, save

import fastpass as fp
from fastpass.curate import CodeFile
from fastpass.curate.dedup import DedupOptions, dedup


def test_planted_duplicates_are_found(folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = dedup(str(folder), tmp_path)
    images = by_key(tmp_path)
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
    pairs = rows_of(tmp_path / "pairs.parquet")
    assert {(p["first"], p["second"]) for p in pairs} == {
        ("copy_03_large", "copy_03_small"),
        ("copy_03_large", "original_03"),
        ("copy_03_small", "original_03"),
        ("copy_05_blurred", "original_05"),
        ("copy_07_bytes", "original_07"),
    }
    assert all(p["distance"] <= 31 for p in pairs)
    errors = {row["key"]: row["error"] for row in rows_of(tmp_path / "hashes.parquet")}
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
    for row in rows_of(tmp_path / "hashes.parquet"):
        if row["error"] == "":
            paths = [p for p in folder.iterdir() if p.stem == row["key"]]
            expected = fp.hash_images([paths[0].read_bytes()], ["pdq", "sha256"])
            assert row["pdq"] == expected.codes["pdq"][0].tobytes()
            assert row["sha256"] == expected.codes["sha256"][0].tobytes()
            assert row["quality"] == expected.quality[0]


def test_turned_and_mirrored_copies(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path, options=DedupOptions(dihedral=True))
    images = by_key(tmp_path)
    assert images["turned_09"]["kept_key"] == images["original_09"]["kept_key"]
    assert images["mirrored_11"]["kept_key"] == images["original_11"]["kept_key"]
    how = {(p["first"], p["second"]): p["transform"] for p in rows_of(tmp_path / "pairs.parquet")}
    assert how[("original_09", "turned_09")].startswith("rotate")
    assert how[("mirrored_11", "original_11")].startswith("flip")
    assert how[("copy_05_blurred", "original_05")] == ""


def test_keep_keys(folder: Path, tmp_path: Path) -> None:
    dedup(str(folder), tmp_path, options=DedupOptions(keep=("bytes",)))
    assert by_key(tmp_path)["original_03"]["kept_key"] == "copy_03_small"


def test_an_evaluation_set(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "evaluation"
    save(picture(2).resize((280, 262)), other / "test_2.png")
    save(picture(3), other / "test_3.jpg", quality=70)
    save(picture(1000), other / "unrelated.jpg")
    result = dedup(str(folder), tmp_path / "out", against=str(other))
    images = by_key(tmp_path / "out")
    removed = {key for key, row in images.items() if row["status"] == "in_against"}
    assert removed == {"original_02", "original_03", "copy_03_small", "copy_03_large"}
    found = rows_of(tmp_path / "out" / "against.parquet")
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
    save(picture(4).resize((280, 262)), second / "known.jpg")
    save(picture(500), second / "new.jpg")
    index = tmp_path / "codes"
    for _ in range(2):  # the second time changes nothing
        first = dedup(str(folder), tmp_path / "a", index=index)
        size = len(CodeFile(index))
        assert first.count("in_index") == 0
        assert size == first.count("kept")
    dedup(str(second), tmp_path / "b", index=index)
    images = by_key(tmp_path / "b")
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
    of_tars, of_folder = by_key(tmp_path / "tars"), by_key(tmp_path / "folder")
    assert of_tars == of_folder


@pytest.mark.parametrize("kind", ["pdq_fast", "phash", "dhash"])
def test_other_kinds(folder: Path, tmp_path: Path, kind: str) -> None:
    dedup(
        str(folder),
        tmp_path,
        options=DedupOptions(kind=kind, radius=8 if kind != "pdq_fast" else 31),
    )
    images = by_key(tmp_path)
    assert images["copy_03_small"]["kept_key"] == images["original_03"]["kept_key"]
