"""The benchmarks of hashes, search and dedup quality, at a size of nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.pictures import jpeg

import fastpass as fp
from benchmarks import code_sets, dedup_quality, hash, search


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    for seed in range(8):
        (root / f"{seed}.jpg").write_bytes(jpeg(seed, height=150, width=200))
    return root


def _record(main: object, arguments: list[str], output: Path) -> dict[str, object]:
    result = CliRunner().invoke(
        main,  # type: ignore[arg-type]
        [*arguments, "-o", str(output)],
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    record: dict[str, object] = json.loads(output.read_text())
    return record


def test_hash(photos: Path, tmp_path: Path) -> None:
    record = _record(hash.main, ["--photos", str(photos), "--repeats", "1"], tmp_path / "a.json")
    assert record["photos"] == 8
    works = record["works"]
    assert isinstance(works, dict)
    assert works["PDQ from pixels"]["pdqhash"]["ratio"] == 1.0


def test_search(photos: Path, tmp_path: Path) -> None:
    arguments = ["--photos", str(photos), "--codes", "4000"]
    record = _record(search.main, arguments, tmp_path / "a.json")
    assert isinstance(record["pairs"], int)
    assert record["pairs"] > 100


def test_dedup_quality(photos: Path, tmp_path: Path) -> None:
    arguments = ["--photos", str(photos), "--num-photos", "8"]
    record = _record(dedup_quality.main, arguments, tmp_path / "a.json")
    rows = record["recall_percent"]
    assert isinstance(rows, dict)
    assert rows["fastpass pdq"] == rows["pdqhash"]
    assert rows["fastpass phash"] == rows["ImageHash phash"]
    assert len(dedup_quality.TRANSFORMS) == 20


def test_code_sets_are_what_they_say(photos: Path) -> None:
    real = code_sets.photo_codes(photos)
    codes = code_sets.make_codes(6000, real)
    assert codes.shape == (6000, 32)
    assert np.array_equal(codes, code_sets.make_codes(6000, real))
    assert 200 <= 6000 - len(np.unique(codes, axis=0)) <= 500  # 5 % are equal to another one
    assert len(fp.HammingIndex(codes).pairs(31)) > 1000
