"""The benchmark programs of feed and augment: our standard photos, the record is whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.pictures import jpeg

import fastpass as fp
from benchmarks import augment, dct_scale, feed
from benchmarks.photos import list_photos, photo_folder

QUICK = ["--repeats", "1", "--seconds", "0"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    root.mkdir()
    for seed in range(3):
        (root / f"{seed}.jpg").write_bytes(jpeg(seed, 120, 160))
    return root


def test_feed_writes_record_and_plot(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "feed.json"
    only = ["--recipe", "rrc", "--peer", "fastpass", "--peer", "torchvision", "--threads", "1"]
    arguments = ["--photos", str(folder), *QUICK, *only, "--batch-size", "2", "-o", str(target)]
    result = CliRunner().invoke(feed.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    record = json.loads(target.read_text())
    assert record["command"].startswith("python -m benchmarks.feed")
    assert record["settings"]["photos"] == "pictures"
    assert record["settings"]["num_photos"] == 3
    loaders = {row["loader"] for row in record["works"]["rrc"]["rows"]}
    assert loaders == {"fastpass fast", "fastpass exact", "torchvision"}
    assert "<svg" in target.with_suffix(".svg").read_text()


def test_augment_writes_its_record(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "augment.json"
    arguments = ["--photos", str(folder), *QUICK, "--num-photos", "1", "-o", str(target)]
    result = CliRunner().invoke(augment.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    record = json.loads(target.read_text())
    assert "recipe_dino" in record["works"]
    assert "Python call" in record["note"]


def test_dct_scale_compares_the_modes_view_by_view(folder: Path, tmp_path: Path) -> None:
    (folder / "large.jpg").write_bytes(jpeg(9, 2100, 2700))
    target = tmp_path / "dct_scale.json"
    arguments = ["--photos", str(folder), "--epochs", "1", "-o", str(target)]
    result = CliRunner().invoke(dct_scale.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    rows = json.loads(target.read_text())["results"]["pictures"]["rows"]
    assert sum(row["num_views"] for row in rows) == 4 * 10
    assert {row["view_size"] for row in rows} == {96, 224}
    for row in rows:
        assert (row["max"] == 0) == (row["scale"] == "1/1")
    assert any(row["scale"] != "1/1" for row in rows)


def test_the_neediest_crop_decides_the_scale() -> None:
    recipe = fp.Recipe("two", (fp.ViewSpec(96), fp.ViewSpec(96)))
    large = fp.ViewParams(0, 0, 2000, 1000, 96, 96)

    def scale(height: int, width: int) -> int:
        return dct_scale.denominator_of(recipe, [large, fp.ViewParams(0, 0, height, width, 96, 96)])

    assert [scale(191, 500), scale(192, 192), scale(400, 384)] == [1, 2, 4]
    assert scale(2000, 1000) == 8


def test_differences_are_described() -> None:
    histogram = np.zeros(256, np.int64)
    histogram[0] = 100
    nothing = {"mean": 0.0, "p99": 0.0, "max": 0.0, "psnr_db": None}
    assert dct_scale.describe(histogram) == nothing
    histogram[10] = 300
    assert dct_scale.describe(histogram) == {"mean": 7.5, "p99": 10.0, "max": 10.0} | {
        "psnr_db": round(10 * np.log10(255**2 / 75), 2)
    }


def test_photos_come_from_the_folder_then_the_shared_data_then_synth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert photo_folder(tmp_path, tmp_path / "scratch") == tmp_path
    real = tmp_path / "data" / "photos_imagenet200"
    monkeypatch.setenv("FASTPASS_SHARED", str(tmp_path))
    real.mkdir(parents=True)
    assert photo_folder(None, tmp_path / "scratch") == real
    real.rmdir()
    assert len(list_photos(photo_folder(None, tmp_path / "scratch"))) == 200
    with pytest.raises(SystemExit, match="no JPEG"):
        list_photos(real.parent)
