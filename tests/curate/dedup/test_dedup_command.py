"""``fastpass dedup`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import fastpass as fp
from fastpass.cli import cli
from fastpass.curate.dedup import dedup


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
        "skipped_files": {},
    }
    for wrong in (["--keep", "beauty"], ["--radius", "300"], ["--memory", "much"]):
        refused = runner.invoke(cli, [*arguments, *wrong])
        assert refused.exit_code == 2, wrong
        assert wrong[0].removeprefix("--") in refused.output
    empty = tmp_path / "empty"
    empty.mkdir()
    failed = runner.invoke(cli, ["dedup", str(empty), "-o", str(tmp_path / "x")])
    assert failed.exit_code == 1
    assert "fastpass: BadPack: " in failed.stderr


def test_a_folder_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(fp.WriteFailed, match="file"):
        dedup(str(folder), blocked / "out")
