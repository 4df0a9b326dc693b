"""A report of a run that went wrong says so; files that are damaged are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fastpass.cli import cli
from fastpass.errors import ReadFailed
from fastpass.report.page import render_run_page
from fastpass.report.run import read_run


def _log(folder: Path, *records: dict[str, Any] | str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    (folder / "log.jsonl").write_text("".join(line + "\n" for line in lines))
    return folder


def _report(folder: Path, *options: str) -> Any:
    return CliRunner().invoke(cli, ["report", str(folder), "-o", str(folder / "r.html"), *options])


def test_numbers_that_are_none_are_said(tmp_path: Path) -> None:
    nan = float("nan")
    run = _log(
        tmp_path / "run",
        {"step": 1, "loss": 2.5, "lr": 0.1},
        {"step": 2, "loss": nan, "lr": 0.1},
        {"step": 3, "loss": nan, "feature_std": float("inf")},
    )
    told = _report(run)
    assert told.exit_code == 0
    page = (run / "r.html").read_text()
    for text in (told.output, page):
        assert "Step 2: loss is nan, no finite number." in text
        assert "Step 3: feature_std is inf, no finite number." in text
        assert "Step 3: loss" not in text  # once
    assert "This run went wrong." in page
    assert "2.500" in page  # the last loss that is a number, and its step
    assert "after 1 steps" in page


def test_a_run_that_broke_down_says_why(tmp_path: Path) -> None:
    run = _log(
        tmp_path, {"step": 1, "loss": 2.5}, {"step": 2, "problem": "the loss is <not> finite"}
    )
    page = render_run_page(read_run(run))
    assert "Step 2: training has broken down: the loss is &lt;not&gt; finite." in page


def test_a_good_run_has_no_warning(tmp_path: Path) -> None:
    run = _log(tmp_path, {"step": 1, "loss": 2.5, "is_done": True})
    assert read_run(run).problems == ()
    assert "went wrong" not in render_run_page(read_run(run))


def test_only_numbers_that_are_none(tmp_path: Path) -> None:
    run = _log(tmp_path, {"step": 1, "loss": float("nan")})
    told = _report(run)
    assert told.exit_code == 0
    assert "Step 1: loss is nan" in told.output


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.jsonl", b'{"step": 1}\n\xff\xfe\x00\n{"step": 2}\n'),
        ("log.jsonl", b"7\n8\n9\n"),
        ("knn-teacher-step-00000007.json", b"\xff\xfe"),
        ("knn.json", b'{"results": 7}'),
        ("knn.json", b'{"results": [{"features": [], "step": 1, "top1": 2}]}'),
    ],
)
def test_garbage_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    run = _log(tmp_path, {"step": 1, "loss": 2.5})
    (run / name).write_bytes(content)
    with pytest.raises(ReadFailed, match=name):
        read_run(run)
    told = _report(run)
    assert told.exit_code == 1
    assert told.stderr.startswith("fastpass: ReadFailed: ")
    assert name in told.stderr


def test_a_folder_in_the_place_of_a_result(tmp_path: Path) -> None:
    run = _log(tmp_path, {"step": 1, "loss": 2.5})
    (run / "knn.json").mkdir()
    with pytest.raises(ReadFailed, match=r"cannot read .*knn\.json"):
        read_run(run)


def test_results_beside_the_log_of_training(tmp_path: Path) -> None:
    """Where ``evaluate knn`` writes them by itself: in the folder of the run that it is given."""
    _log(tmp_path / "train", {"step": 1, "loss": 2.5})
    row = {"features": "teacher", "step": 1, "top1": 12.5}
    path = tmp_path / "train" / "knn-teacher-step-00000001.json"
    path.write_text(json.dumps({"results": [row]}))
    assert [(result.name, result.top1) for result in read_run(tmp_path).knn] == [("trained", 12.5)]


def test_commands_of_any_bytes(tmp_path: Path) -> None:
    run = _log(tmp_path, {"step": 1, "loss": 2.5})
    (run / "commands.txt").write_bytes(b"fastpass pack ph\xfftos\n")
    assert r"fastpass pack ph\xfftos" in render_run_page(read_run(run))
