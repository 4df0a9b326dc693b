"""The feed benchmark: no peer wins by doing less, absent peers are named, the record is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from benchmarks import feed
from benchmarks.machine import summarize
from benchmarks.peers.feed_peer import FeedJob
from benchmarks.photos import list_photos, photo_folder

SIZES = [224, 224, *[96] * 8]


def _views(batch_size: int) -> list[torch.Tensor]:
    return [torch.linspace(-2, 2, batch_size * 3 * s * s).view(-1, 3, s, s) for s in SIZES]


@pytest.fixture
def job(tmp_path: Path) -> FeedJob:
    rng = np.random.default_rng(0)
    for index in range(4):
        pixels = rng.integers(0, 256, (120, 160, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.jpg")
    return FeedJob(tmp_path, list_photos(tmp_path), 2, 1, 0)


@pytest.mark.parametrize("peer", ["torchvision", "dali"])
def test_peers_deliver_the_whole_recipe(job: FeedJob, peer: str) -> None:
    peers, missing = feed.load_peers([peer], job)
    if missing:
        pytest.skip(f"{peer} {missing[peer]}")
    assert feed.measure(peers[0], job, num_warm_up=1, num_batches=1) > 0


def test_doing_less_is_refused() -> None:
    feed.check_batch(_views(4), 4)
    with pytest.raises(RuntimeError, match="wrong views"):
        feed.check_batch(_views(4)[:-1], 4)
    with pytest.raises(RuntimeError, match="wrong views"):
        feed.check_batch(_views(3), 4)
    with pytest.raises(RuntimeError, match="not normalized"):
        feed.check_batch([view * 127 for view in _views(4)], 4)


def test_an_absent_peer_is_left_out_by_name(job: FeedJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(feed.PEERS, "dali", ("a_module_that_is_not_there", "X"))
    peers, missing = feed.load_peers(["dali"], job)
    assert peers == []
    assert missing == {"dali": "not installed: a_module_that_is_not_there"}


def test_summary_is_numpys_percentiles() -> None:
    summary = summarize([5.0, 1.0, 2.0, 4.0, 3.0])
    assert (summary["median"], summary["p5"], summary["p95"]) == (3.0, 1.2, 4.8)
    assert summary["samples"] == [5.0, 1.0, 2.0, 4.0, 3.0]


class _Fake:
    how = "fake"
    closed = 0

    def __init__(self, name: str) -> None:
        self.name = name

    def batches(self) -> Iterator[list[torch.Tensor]]:
        try:
            while True:
                yield _views(2)
        finally:
            _Fake.closed += 1


def test_the_record_holds_results_ratios_and_where(
    job: FeedJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = [_Fake("fastpass"), _Fake("torchvision")]
    rates = iter([100.0, 20.0, 300.0, 25.0, 200.0, 30.0])
    monkeypatch.setattr(feed, "load_peers", lambda *_: (fakes, {"dali": "not installed: x"}))
    monkeypatch.setattr(feed, "measure", lambda *_: next(rates))
    target = tmp_path / "feed.json"
    arguments = ["--photos", str(job.folder), "--repeats", "3", "-o", str(target)]
    result = CliRunner().invoke(feed.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    record = json.loads(target.read_text())
    assert record["results"]["fastpass"]["median"] == 200.0
    assert record["results"]["torchvision"]["samples"] == [20.0, 25.0, 30.0]  # interleaved
    assert record["results"]["torchvision"]["fastpass_ratio"] == 8.0
    assert record["left_out"] == {"dali": "not installed: x"}
    assert record["settings"]["num_photos"] == 4
    assert record["machine"]["cores"] >= 1
    assert record["command"].startswith("python -m benchmarks.feed")


def test_every_repeat_closes_its_loader(job: FeedJob) -> None:
    _Fake.closed = 0
    feed.measure(_Fake("x"), job, num_warm_up=1, num_batches=1)
    assert _Fake.closed == 1


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
