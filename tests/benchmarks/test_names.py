"""Every benchmark is found by its name, answers --help and is listed; each record has its own."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support.pictures import jpeg

import benchmarks
from benchmarks.machine import RESULTS

FOLDER = Path(benchmarks.__file__).parent
PROGRAMS = sorted(
    path.stem for path in FOLDER.rglob("*.py") if 'if __name__ == "__main__"' in path.read_text()
)
MEASUREMENTS = [name for name in PROGRAMS if name != "tables"]


def test_the_readme_lists_them_all() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", text, re.M)) == MEASUREMENTS


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_each_starts_by_its_name(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main = importlib.import_module(f"benchmarks.{name}").main
    if isinstance(main, click.Command):
        result = CliRunner().invoke(main, ["--help"], catch_exceptions=False)
        code, shown = result.exit_code, result.output
    else:
        monkeypatch.setattr(sys, "argv", [name, "--help"])
        with pytest.raises(SystemExit) as ended:
            main()
        code, shown = ended.value.code, capsys.readouterr().out
    assert code == 0
    assert "usage" in shown.lower()


@pytest.mark.parametrize("record", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_each_record_is_of_a_benchmark_that_is_there(record: Path) -> None:
    assert json.loads(record.read_text())["benchmark"] in MEASUREMENTS


SMALL = {"float_color": "--count 2", "seek_index": "--repeats 1"}  # others have their own tests


@pytest.mark.parametrize("name", SMALL)
def test_a_small_run_writes_a_record(name: str, tmp_path: Path) -> None:
    photos, record = tmp_path / "photos", tmp_path / "record.json"
    photos.mkdir()
    for seed in range(4):
        (photos / f"{seed}.jpg").write_bytes(jpeg(seed, 240, 320))
    main = importlib.import_module(f"benchmarks.{name}").main
    words = ["--photos", str(photos), "-o", str(record), *SMALL[name].split()]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert json.loads(record.read_text())["benchmark"] == name
