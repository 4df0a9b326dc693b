"""Reading a run directory: what is there is read, what is broken is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fastpass.errors import ReadFailed
from fastpass.report.run import read_run


def _write_log(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("place", ["log.jsonl", "train/log.jsonl"])
def test_log_is_found_in_the_run_or_in_its_train_folder(tmp_path: Path, place: str) -> None:
    _write_log(tmp_path / place, ['{"step": 1, "loss": 2.5}', '{"step": 2, "loss": 2.0}'])
    run = read_run(tmp_path)
    assert run.series("loss") == ([1.0, 2.0], [2.5, 2.0])
    assert run.series("lr") == ([], [])


def test_a_half_written_last_line_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 2.5}\n{"step": 2, "lo')
    assert len(read_run(tmp_path).records) == 1


def test_values_that_are_not_finite_numbers_are_left_out(tmp_path: Path) -> None:
    _write_log(tmp_path / "log.jsonl", ['{"step": 1, "loss": NaN, "note": "x", "lr": 1e-3}'])
    assert read_run(tmp_path).records == ({"step": 1.0, "lr": 0.001},)


def test_the_median_leaves_the_start_up_out(tmp_path: Path) -> None:
    lines = [json.dumps({"step": i, "images_per_second": v}) for i, v in enumerate((1, 90, 100))]
    _write_log(tmp_path / "log.jsonl", lines)
    run = read_run(tmp_path)
    assert run.median("images_per_second") == 95
    assert run.median("data_wait") is None


def _knn(**top1: float) -> str:
    rows = [{"features": kind, "step": 7, "top1": value} for kind, value in top1.items()]
    return json.dumps({"k": 20, "results": rows})


def test_knn_results_come_in_order_with_readable_names(tmp_path: Path) -> None:
    _write_log(tmp_path / "log.jsonl", ['{"step": 1, "loss": 1}'])
    (tmp_path / "knn.json").write_text(_knn(untrained=30.5, other=1.0, teacher=61.25))
    (tmp_path / "knn_pixels.json").write_text(_knn(pixels=20))
    found = [(result.name, result.top1) for result in read_run(tmp_path).knn]
    assert found == [("trained", 61.25), ("untrained", 30.5), ("raw pixels", 20.0), ("other", 1.0)]


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("log.jsonl", "", "no complete line"),
        ("log.jsonl", '{"step": 1}\nrubbish\n{"step": 2}\n', "line 2"),
        ("knn_trained.json", '{"results": [{"features": "teacher"}]}', "top1"),
        ("knn_trained.json", "[]", "evaluate knn"),
        ("knn_trained.json", "{", "evaluate knn"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, name: str, content: str, match: str) -> None:
    _write_log(tmp_path / "log.jsonl", ['{"step": 1, "loss": 1}'])
    (tmp_path / name).write_text(content)
    with pytest.raises(ReadFailed, match=match) as caught:
        read_run(tmp_path)
    assert name in str(caught.value)


def test_a_folder_without_a_log_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(ReadFailed, match=r"train/log\.jsonl"):
        read_run(tmp_path)
