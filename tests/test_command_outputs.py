"""Nothing of the user's is lost: every command that writes, over files that it did not write."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from support.writing_commands import (
    Words,
    bench_words,
    dedup_words,
    export_words,
    filter_words,
    knn_words,
    make_inputs,
    pack_words,
    preview_words,
    report_words,
    synth_words,
)

from fastpass.cli import cli


def _run(words: Words) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def _tree(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands read: photos, classes, a run with a checkpoint."""
    return make_inputs(tmp_path_factory.mktemp("made"))


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy, with a folder ``out`` that holds somebody's files."""
    shutil.copytree(made, tmp_path / "in")
    (tmp_path / "out").mkdir()
    return tmp_path


# Of every command: the names that it writes, and which of these somebody's file has here.
FILES: list[tuple[Callable[..., Words], str]] = [
    (preview_words, "grid.png"),
    (report_words, "report.html"),
    (export_words, "x.safetensors"),
    (knn_words, "knn.json"),
    (bench_words, "bench-decode.json"),
    (bench_words, "bench-decode.png"),
]
FOLDERS: list[tuple[Callable[..., Words], str, list[str]]] = [
    (pack_words, "holiday-backup.tar", ["--force"]),
    (pack_words, "shard-000000.tar", ["--force"]),
    (pack_words, "shard-000000.tar.fpi", ["--force"]),
    (pack_words, "notes.txt", ["--force"]),
    (synth_words, "train-000007.tar", ["--force"]),
    (synth_words, "val-000000.tar", ["--force"]),
    (filter_words, "keep.txt", ["--force"]),
    (filter_words, "notes.txt", ["--force"]),
    (dedup_words, "keep.txt", []),
    (dedup_words, "report.html", []),
    (dedup_words, "hashes.parquet", []),
    (dedup_words, "work", []),
]


@pytest.mark.parametrize(("command", "name"), FILES)
def test_a_file_of_somebody_is_refused_and_one_of_ours_is_replaced(
    command: Callable[..., Words], name: str, place: Path
) -> None:
    (place / "out" / name).write_text("mine")
    before = _tree(place)
    result = _run(command(place))
    assert result.exit_code == 1, result.output
    assert f"WouldOverwrite: {place / 'out' / name} is there already" in result.output
    assert _tree(place) == before
    for words in (command(place, "--force"), command(place)):
        result = _run(words)
        assert result.exit_code == 0, result.output
    assert (place / "out" / name).read_bytes() != b"mine"
    assert _tree(place / "in") == _tree_of_input(before)


def _tree_of_input(tree: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix("in/"): d for name, d in tree.items() if name.startswith("in/")}


@pytest.mark.parametrize(("command", "name", "force"), FOLDERS)
def test_in_a_folder_what_somebody_put_there_is_refused_by_name(
    command: Callable[..., Words], name: str, force: list[str], place: Path
) -> None:
    if name == "work":
        (place / "out" / "work").mkdir()
        (place / "out" / "work" / "plan.json").write_text("mine")
    else:
        (place / "out" / name).write_text("mine")
    before = _tree(place)
    result = _run(command(place, *force))
    assert result.exit_code == 1, result.output
    assert "WouldOverwrite" in result.output
    assert name in result.output
    assert _tree(place) == before


@pytest.mark.parametrize("command", [pack_words, synth_words, filter_words, dedup_words])
def test_what_a_command_wrote_it_replaces(command: Callable[..., Words], place: Path) -> None:
    force = [] if command is dedup_words else ["--force"]
    assert _run(command(place)).exit_code == 0
    wanted = _tree(place)
    result = _run(command(place, *force))
    assert result.exit_code == 0, result.output
    again = _tree(place)
    assert set(again) == set(wanted)
    with_times = (".fpi", ".json")  # an index holds the time of its tar
    assert [n for n in wanted if again[n] != wanted[n] and not n.endswith(with_times)] == []
    changed = next(p for p in sorted((place / "out").glob("[!.]*")) if p.suffix in (".tar", ".txt"))
    changed.write_bytes(changed.read_bytes() + b"my own line\n")
    before = _tree(place)
    result = _run(command(place, *force))
    assert result.exit_code == 1
    assert changed.name in result.output
    assert _tree(place) == before


def test_a_command_never_writes_over_what_it_reads(place: Path) -> None:
    photo, run = place / "in" / "photo.jpg", place / "in" / "run"
    os.link(photo, place / "in" / "same.jpg")
    weights = next(run.rglob("teacher.safetensors"))
    before = _tree(place)
    for words in (
        ["preview", photo, "-o", photo, "--force"],
        ["preview", photo, "-o", place / "in" / "same.jpg", "--force"],
        ["report", run, "-o", run / "log.jsonl", "--force"],
        ["export", "--checkpoint", run, "-o", weights, "--force"],
        [*knn_words(place), "-o", next((place / "in" / "photos").rglob("*.jpg")), "--force"],
    ):
        result = _run(words)
        assert result.exit_code == 1, (words, result.output)
        assert "the command reads" in result.output
        assert _tree(place) == before


def test_a_preview_of_a_preview_is_not_written_over_it(place: Path) -> None:
    assert _run(preview_words(place)).exit_code == 0
    grid = place / "out" / "grid.png"
    with Image.open(grid) as image:
        assert image.info["Software"] == "fastpass preview"
    result = _run(["preview", grid, "-o", grid, "--force"])
    assert result.exit_code == 1
    assert "is what the command reads" in result.output


def test_an_index_is_not_written_over_another_file(place: Path) -> None:
    assert _run(pack_words(place)).exit_code == 0
    tar = place / "out" / "shard-000000.tar"
    assert _run(["index", tar]).exit_code == 0
    index = Path(f"{tar}.fpi")
    index.write_bytes(b"")  # nothing of anybody's: what a full disk leaves
    assert _run(["index", tar]).exit_code == 0
    index.write_text("mine")
    result = _run(["index", tar])
    assert result.exit_code == 1
    assert f"{index} is no index of fastpass" in result.output
    assert index.read_text() == "mine"
