"""Groups that an earlier commit found, and the file of codes that it wrote."""

from __future__ import annotations

import golden_values as golden
import pytest

pytest.importorskip("pyarrow")


def test_groups_and_pairs(values, folder, tmp_path):
    assert golden.deduplicated(folder / "images", tmp_path / "out") == values["dedup"]


def test_a_file_of_codes_of_an_earlier_version(values, folder, tmp_path):
    """It holds the codes of the images that were kept then, so that all of them are known."""
    output = tmp_path / "out"
    found = golden.deduplicated(folder / "images", output, "--index", folder / "codes.fpc")
    kept_then = [row[0] for row in values["dedup"]["clusters"] if row[1] == "kept"]
    status = {row[0]: row[1] for row in found["clusters"]}
    assert {status[key] for key in kept_then} == {"in_index"}
