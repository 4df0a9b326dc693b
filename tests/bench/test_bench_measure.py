"""Rates, ratios and rows: no peer wins by doing less, repeats take turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch

from fastpass.augment.recipes import RECIPES
from fastpass.bench import measure
from fastpass.bench.feed_report import feed_rows, output_pixels
from fastpass.bench.job_loop import measure_runs, seconds_per_pass, work_rows
from fastpass.bench.measure import Entry, check_batch, measure_all, measure_warm
from fastpass.bench.page_cache import evict
from fastpass.bench.peers.feed_peer import FeedJob
from fastpass.bench.record import median_ratio, summarize

MakeJob = Callable[..., FeedJob]
DINO = RECIPES["dino"]()


def _views(batch_size: int, recipe: str = "dino") -> list[torch.Tensor]:
    return [
        torch.linspace(-2, 2, batch_size * 3 * spec.size**2).view(-1, 3, spec.size, spec.size)
        for spec in RECIPES[recipe]().views
    ]


class _Fake:
    how = "fake"

    def __init__(self, name: str) -> None:
        self.name, self.num_batches, self.num_closed = name, 0, 0

    def batches(self) -> Iterator[Sequence[torch.Tensor]]:
        try:
            while True:
                self.num_batches += 1
                yield _views(2, "rrc")
        finally:
            self.num_closed += 1

    def paths(self) -> Sequence[Path]:
        return []


def test_doing_less_is_refused() -> None:
    check_batch(_views(4), DINO, 4)
    for views in (_views(4)[:-1], _views(3), [view.half() for view in _views(4)]):
        with pytest.raises(RuntimeError, match="wrong views"):
            check_batch(views, DINO, 4)
    for views in ([view * 127 for view in _views(4)], [view * 0 for view in _views(4)]):
        with pytest.raises(RuntimeError, match="not normalized"):
            check_batch(views, DINO, 4)


def test_warm_up_is_left_out_and_every_loader_is_closed(make_job: MakeJob) -> None:
    fake, job = _Fake("x"), make_job()
    assert min(measure_warm(fake, job, 0.0)) > 0
    assert fake.num_batches == 1 + 2 * job.threads + 1
    assert fake.num_closed == 1


def _entries(make_job: MakeJob, rates: dict[tuple[str, int], list[float]]) -> list[Entry]:
    jobs = {threads: make_job(threads=threads) for threads in {n for _, n in rates}}
    return [Entry(_Fake(name), jobs[threads], found) for (name, threads), found in rates.items()]


def test_loaders_take_turns(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = iter([100.0, 20.0, 300.0, 25.0])
    monkeypatch.setattr(measure, "measure_warm", lambda *_: (next(rates), 3.5))
    entries = _entries(make_job, {("fastpass fast", 1): [], ("torchvision", 1): []})
    steps: list[int] = []
    measure_all(entries, 2, 1.0, lambda: steps.append(1))
    assert [entry.rates for entry in entries] == [[100.0, 300.0], [20.0, 25.0]]
    assert feed_rows(entries, {})["rows"][0]["first_start_seconds"] == 3.5
    assert len(steps) == 4


def test_a_peer_that_fails_is_not_asked_again_but_our_errors_are_raised(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fail(peer: _Fake, *_: object) -> tuple[float, float]:
        asked.append(peer.name)
        raise RuntimeError("a long story\nthe reason")

    monkeypatch.setattr(measure, "measure_warm", fail)
    (entry,) = _entries(make_job, {("DALI", 1): []})
    measure_all([entry], 3, 1.0, lambda: None)
    assert entry.failure == "failed: RuntimeError: the reason"
    assert asked == ["DALI"]
    with pytest.raises(RuntimeError, match="the reason"):
        measure_all(_entries(make_job, {("fastpass fast", 2): []}), 1, 1.0, lambda: None)


def test_rows_hold_rates_ratios_pace_scaling_and_parity(make_job: MakeJob) -> None:
    entries = _entries(
        make_job,
        {
            ("fastpass fast", 1): [100.0, 300.0, 200.0],
            ("fastpass fast", 2): [190.0, 600.0, 300.0],
            ("torchvision", 1): [20.0, 25.0, 30.0],
        },
    )
    report = feed_rows(entries, {"fast": {"max": 1.5, "mean": 0.1}})
    fast, _, torchvision = report["rows"]
    assert torchvision["times_as_fast"] == {"fastpass fast": 6.667}
    assert fast["times_as_fast"] == {}
    assert fast["images_per_second"]["median"] == 200.0
    assert fast["ms_per_image_and_core"] == 5.0
    assert fast["ns_per_output_pixel"] == round(5e6 / 224**2, 3)
    assert fast["difference_from_pillow"] == {"max": 1.5, "mean": 0.1}
    assert "difference_from_pillow" not in torchvision
    assert report["scaling"] == [
        {"loader": "fastpass fast", "from_threads": 1, "to_threads": 2, "times_as_fast": 1.9}
    ]
    assert output_pixels(DINO) == 2 * 224**2 + 8 * 96**2


def test_the_fastest_variant_is_the_peer(make_job: MakeJob) -> None:
    slow, fast = _Fake("torchvision"), _Fake("torchvision")
    fast.how = "another way"
    job = make_job()
    report = feed_rows([Entry(slow, job, [10.0, 11.0]), Entry(fast, job, [12.0, 13.0])], {})
    assert [row["how"] for row in report["rows"]] == ["another way"]
    assert [row["how"] for row in report["slower_variants"]] == ["fake"]


def test_summary_is_numpys_percentiles_and_ratios_are_medians_of_pairs() -> None:
    summary = summarize([5.0, 1.0, 2.0, 4.0, 3.0])
    assert (summary["median"], summary["p5"], summary["p95"]) == (3.0, 1.2, 4.8)
    assert summary["samples"] == [5.0, 1.0, 2.0, 4.0, 3.0]
    assert median_ratio([2.0, 6.0, 12.0], [1.0, 2.0, 3.0]) == 3.0


def test_single_thread_work_is_measured_by_turns() -> None:
    calls: list[str] = []
    runs = {name: lambda name=name: calls.append(name) for name in ("a", "b")}
    times = measure_runs(runs, 2, 0.0, lambda: None)
    assert calls == ["a", "b", "a", "b", "a", "b"]  # each once before, not counted
    assert all(len(passes) == 2 for passes in times.values())
    assert seconds_per_pass(lambda: None, 0.001) > 0
    rows = work_rows({"ours": [0.1, 0.2], "theirs": [0.2, 0.8]}, 10, 1000, ["ours"])
    assert rows[0]["ms"]["samples"] == [10.0, 20.0]
    assert rows[1]["times_as_fast"] == {"ours": 3.0}
    assert rows[1]["ns_per_output_pixel"] == 500000.0


def test_eviction_says_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(1 << 20))
    assert 0 <= evict([path]) <= 1
    (tmp_path / "empty").touch()
    assert evict([tmp_path / "empty"]) == 0
    with pytest.raises(FileNotFoundError):
        evict([tmp_path / "absent"])
