"""What may be replaced: single files by their mark, files in folders by the record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fastpass.common.filled_folder import filled_folder
from fastpass.common.outputs import RECORD, claim_file, claim_folder, foreign_names, mark_of
from fastpass.errors import WouldOverwrite, WriteFailed


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", '<meta name="generator" content="fastpass report">'),
        ("a.json", '{"written_by": "fastpass report", "x": 1}'),
        ("a.safetensors", '\x08{"__metadata__":{"written_by":"fastpass report"}}'),
        ("a.png", "\x89PNG tEXtSoftware\0fastpass report"),
    ],
)
def test_a_marked_file_of_the_same_kind_is_replaced(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    claim_file(tmp_path / name, "report")
    claim_file(tmp_path / name, "report", inputs=[tmp_path])
    with pytest.raises(WouldOverwrite, match=f"{name} is there already, and no preview"):
        claim_file(tmp_path / name, "preview")


def test_another_file_is_replaced_by_force_alone(tmp_path: Path) -> None:
    path = tmp_path / "thesis.html"
    claim_file(path, "report")
    path.write_text(f"how I used {mark_of('report')}")
    with pytest.raises(WouldOverwrite, match=r"thesis\.html is there already.* --force"):
        claim_file(path, "report")
    claim_file(path, "report", force=True)
    claim_file("/dev/null", "report")


def test_what_a_command_reads_is_never_replaced(tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "a.png"
    photo.parent.mkdir()
    photo.write_text("\x89PNG tEXtSoftware\0fastpass preview")
    (tmp_path / "link.png").symlink_to(photo)
    os.link(photo, tmp_path / "same.png")
    for path in (photo, tmp_path / "link.png", tmp_path / "same.png"):
        with pytest.raises(WouldOverwrite, match="is what the command reads"):
            claim_file(path, "preview", inputs=[tmp_path / "absent", photo], force=True)
    photo.write_text("a photo")
    with pytest.raises(WouldOverwrite, match="in a folder that the command reads"):
        claim_file(photo, "preview", inputs=[tmp_path / "photos"], force=True)


def test_files_of_a_folder_are_ours_while_they_are_as_we_left_them(tmp_path: Path) -> None:
    with claim_folder(tmp_path, ["keep.txt", "unused.txt", "work"]):
        (tmp_path / "keep.txt").write_text("a\nb\n")
        (tmp_path / "work").mkdir()
    with claim_folder(tmp_path, ["keep.txt", "unused.txt", "work"]):
        (tmp_path / "keep.txt").write_text("b\nc\n")
    (tmp_path / "unused.txt").write_text("mine")
    with (
        pytest.raises(WouldOverwrite, match=r"unused\.txt would be replaced"),
        claim_folder(tmp_path, ["keep.txt", "unused.txt"]),
    ):
        raise AssertionError
    (tmp_path / "keep.txt").write_text("b\nd\n")  # of the same length
    assert foreign_names(tmp_path) == ["keep.txt", "unused.txt"]


def test_files_of_a_killed_run_are_ours(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), claim_folder(tmp_path, ["keep.txt"]):
        (tmp_path / "keep.txt").write_text("half a run")
        raise KeyboardInterrupt
    assert foreign_names(tmp_path) == []


def test_a_change_in_a_large_file_is_seen_at_its_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    for place in (0, 4_999_999):
        with claim_folder(tmp_path, ["a.tar"]):
            path.write_bytes(bytes(5_000_000))
        assert foreign_names(tmp_path) == []
        data = bytearray(5_000_000)
        data[place] = 1
        path.write_bytes(data)
        assert foreign_names(tmp_path) == ["a.tar"]
        path.unlink()


@pytest.mark.parametrize("record", ["", "[]", '{"files": 3}', '{"files": {"a": 1, "b": []}}'])
def test_a_damaged_record_makes_nothing_ours(tmp_path: Path, record: str) -> None:
    (tmp_path / "a").write_text("mine")
    (tmp_path / RECORD).write_text(record)
    assert foreign_names(tmp_path) == ["a"]


def test_a_folder_is_filled_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), filled_folder(target, force=False) as folder:
        (folder / "a").write_text("x")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []
    with (
        pytest.raises(WriteFailed, match="out': Is a dir"),
        filled_folder(target, force=False) as f,
    ):
        (f / "a").write_text("x")
        f.write_text("x")
    with filled_folder(target, force=False) as folder:
        (folder / "a").write_text("x")
        (folder / "b").write_text("x")
    with filled_folder(target, force=True) as folder:
        (folder / "b").write_text("y")
    assert sorted(os.listdir(target)) == [RECORD, "b"]
    assert (target / "b").read_text() == "y"


def test_what_appears_while_a_folder_is_made_stays(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for force in (False, True):
        with (
            pytest.raises(WouldOverwrite, match="not empty" if not force else "holiday"),
            filled_folder(target, force=force) as folder,
        ):
            (folder / "a").write_text("x")
            target.mkdir(exist_ok=True)
            (target / "holiday-backup.tar").write_text("mine")
        assert os.listdir(target) == ["holiday-backup.tar"]
        (target / "holiday-backup.tar").unlink()
