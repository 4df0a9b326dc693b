"""The memory benchmark at a size of nothing: it counts what it says it counts."""

from __future__ import annotations

import json
import mmap
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.pictures import image_folder

from benchmarks import memory
from benchmarks.photos import repeat_photos


def test_memory_of_this_process_counts_what_is_taken() -> None:
    before = memory.memory_of_this_process()
    with mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE) as taken:  # not what the heap has left
        taken.write(b"x" * len(taken))
        after = memory.memory_of_this_process()
        assert after["RssAnon"] - before["RssAnon"] >= len(taken) * 0.9
    assert after["VmHWM"] >= after["RssAnon"]


def test_few_photos_are_repeated(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root", num_classes=1, per_class=3)
    folder = repeat_photos(root, 8, tmp_path)
    assert [path.name for path in sorted(folder.iterdir())] == [f"{i:06}.jpg" for i in range(8)]
    assert all(path.stat().st_size > 0 for path in folder.iterdir())
    assert repeat_photos(root, 3, tmp_path) == root


def test_the_record_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = image_folder(tmp_path / "root", num_classes=1, per_class=3)
    output = tmp_path / "memory.json"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    result = CliRunner().invoke(
        memory.main,
        ["--photos", str(root), "--batch-size", "8", "--batches", "5", "--dtype", "float16",
         "-o", str(output)],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    record = json.loads(output.read_text())
    assert record["unit"] == "MiB"
    assert record["settings"]["batch_size"] == 8
    found = record["results"]["float16"]
    assert found["batch_mib"] == pytest.approx(
        2 * 8 * 3 * (2 * 224**2 + 8 * 96**2) / 2**20, abs=0.1
    )
    # The batch memories themselves, and not much more.
    memories = found["num_slots"] * found["batch_mib"]
    assert 0.8 * memories < found["peak_anonymous_mib"] <= found["peak_mib"] + 1
    assert found["peak_mib"] < memories + 150
