"""`fastpass bench` from end to end on six small photos."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fastpass.bench import plot
from fastpass.bench.augment import run_augment
from fastpass.bench.commands import bench_group
from fastpass.bench.decode import decode_works, load_decoders

QUICK = ["--repeats", "1", "--seconds", "0"]


def _bench(*arguments: object) -> Result:
    return CliRunner().invoke(bench_group, [str(argument) for argument in arguments])


def test_feed_gives_table_record_and_plot(folder: Path, tmp_path: Path) -> None:
    quick = [*QUICK, "--batch-size", 2, "--threads", "1,2", "--parity-photos", 2]
    only = ["--recipe", "rrc", "--peer", "fastpass", "--peer", "torchvision"]
    result = _bench("feed", folder, *quick, *only, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "fastpass exact" in result.stdout
    assert (tmp_path / "out" / "bench-feed.png").read_bytes().startswith(b"\x89PNG")
    record = json.loads((tmp_path / "out" / "bench-feed.json").read_text())
    assert record["benchmark"] == "feed"
    assert record["command"].startswith("fastpass")
    assert record["machine"]["cores"] >= 1
    assert record["settings"]["num_photos"] == 6
    assert record["settings"]["threads"] == [1, 2]
    work = record["works"]["rrc"]
    rows = {(row["loader"], row["threads"]): row for row in work["rows"]}
    loaders = ("fastpass fast", "fastpass exact", "torchvision")
    assert set(rows) == {(loader, threads) for loader in loaders for threads in (1, 2)}
    for (loader, _), row in rows.items():
        assert row["images_per_second"]["median"] > 0
        assert row["ns_per_output_pixel"] > 0
        assert row["ms_per_image_and_core"] > 0
        assert len(row["times_as_fast"]) == (2 if loader == "torchvision" else 1)
        assert ("difference_from_pillow" in row) == loader.startswith("fastpass")
    assert rows["fastpass exact", 1]["difference_from_pillow"]["max"] == 0.0
    assert [row["loader"] for row in work["slower_variants"]] == ["torchvision"]
    assert work["work_per_output_pixel"]["resample_multiply_adds"] > 0
    assert {pair["loader"] for pair in work["scaling"]} == {"fastpass fast", "fastpass exact"}


def test_feed_names_a_backend_that_it_does_not_know(folder: Path) -> None:
    result = _bench("feed", folder, "--backends", "native,dalli")
    assert result.exit_code == 2
    assert "'dalli': wanted some of native,dali" in result.output


def test_feed_cold_says_what_was_still_cached(folder: Path) -> None:
    quick = [*QUICK, "--batch-size", 2, "--threads", 1, "--recipe", "rrc", "--mode", "fast"]
    result = _bench("feed", folder, *quick, "--cold", "--scratch", folder.parent, "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["settings"]["page_cache"] == "cold"
    work = record["works"]["rrc"]
    assert all(0 <= row["resident_before"]["median"] <= 1 for row in work["rows"])
    assert work["left_out"]["dali"] == "not measured cold"


def test_augment_gives_table_record_and_plot(folder: Path, tmp_path: Path) -> None:
    result = _bench("augment", folder, *QUICK, "--photos", 1, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "bench-augment.png").stat().st_size > 0
    works = json.loads((tmp_path / "out" / "bench-augment.json").read_text())["works"]
    steps = {"store", "flip", "jitter", "hue", "grayscale", "blur", "solarize"}
    assert steps | {"recipe_dino", "recipe_moco_v2", "recipe_rrc"} < set(works)
    assert "bicubic_1000x750_to_224" in works
    for work in works.values():
        ours, pillow = work["rows"]
        assert ours["difference_from_pillow"]["max"] == 0.0
        assert set(pillow["times_as_fast"]) == {"fastpass"}


def test_decode_prints_json_for_machines(folder: Path) -> None:
    result = _bench("decode", folder, *QUICK, "--limit", 3, "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert set(record["works"]) == {"whole", "rrc_crop", "local_crop"}
    for work in record["works"].values():
        names = [row["by"] for row in work["rows"]]
        assert names == ["fastpass auto", "fastpass turbo", "Pillow", "simplejpeg"]
        assert work["rows"][2]["times_as_fast"].keys() == {"fastpass auto", "fastpass turbo"}


def test_decoders_get_the_same_boxes_and_give_the_same_pixels(folder: Path) -> None:
    import numpy as np

    peers, _ = load_decoders()
    data = [path.read_bytes() for path in sorted(folder.iterdir())]
    for _, jobs in decode_works(data, seed=1).values():
        for job in jobs:
            pixels = [np.asarray(peer.decode(job)) for peer in peers]
            assert pixels[0].shape[0] * pixels[0].shape[1] == job.num_pixels
            assert all(np.array_equal(pixels[0], other) for other in pixels[1:])


@pytest.mark.parametrize("stage", ["feed", "augment", "decode"])
def test_an_unknown_source_is_exit_code_1_and_one_line(stage: str, tmp_path: Path) -> None:
    result = _bench(stage, tmp_path / "absent")
    assert result.exit_code == 1
    assert "no such file" in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_work_that_no_peer_does_leaves_nothing_to_measure(folder: Path) -> None:
    result = _bench("feed", folder, *QUICK, "--recipe", "dino", "--peer", "ffcv", "--cold")
    assert result.exit_code == 1
    assert "ffcv: not measured cold" in result.output


@pytest.mark.parametrize("threads", ["0", "x", "1,,2", ""])
def test_thread_counts_are_numbers(folder: Path, threads: str) -> None:
    result = _bench("feed", folder, "--threads", threads)
    assert result.exit_code == 2
    assert "such as 1,2" in result.output


def test_a_folder_that_cannot_be_written_is_exit_code_1(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = _bench("decode", folder, *QUICK, "--limit", 1, "-o", tmp_path / "file" / "out")
    assert result.exit_code == 1
    assert "cannot write" in result.output


def test_without_matplotlib_the_plot_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    body = {"unit": "ms", "works": {"x": {"title": "x", "rows": []}}}
    with pytest.raises(Exception, match="matplotlib"):
        plot.plot_works(body, tmp_path / "x.png")


def test_without_torchvision_our_rows_remain(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision.transforms.functional", None)
    body = run_augment(str(folder), tmp_path / "scratch", repeats=1, seconds=0.0, num_photos=1)
    assert all([row["by"] for row in w["rows"]] == ["fastpass"] for w in body["works"].values())
    assert "torchvision" in body["left_out"]["Pillow + torchvision"]
