"""The benchmark of operations on views at a size of nothing: every loader does its work."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from support.pictures import image_folder

from benchmarks import view_op


def test_the_record_is_whole(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root", num_classes=1, per_class=4)
    output = tmp_path / "view_op.json"
    words = ["--photos", str(root), "--threads", "1", "--batch-size", "2", "--repeats", "1"]
    words += ["--seconds", "0.1", "-o", str(output)]
    result = CliRunner().invoke(view_op.main, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    record = json.loads(output.read_text())
    assert record["left_out"] == {}
    assert list(record["results"]) == [
        view_op.PLAIN, view_op.ERASING, view_op.GEOMETRY, view_op.TORCHVISION
    ]  # fmt: skip
    assert record["results"][view_op.PLAIN]["of_plain"] == 1
    for found in record["results"].values():
        assert found["images_per_second"]["median"] > 0
