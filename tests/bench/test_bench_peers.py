"""The peers really run here, and each does the whole work."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace

import pytest

from fastpass.augment import Recipe
from fastpass.augment.recipes import RECIPES
from fastpass.bench import feed
from fastpass.bench.measure import measure_cold, measure_warm
from fastpass.bench.options import PEERS
from fastpass.bench.options import RECIPES as NAMES
from fastpass.bench.peers import fastpass_loader, registry
from fastpass.bench.peers.feed_peer import FeedJob
from fastpass.bench.peers.registry import FEED_PEERS, load_feed_peers
from fastpass.bench.peers.torch_loader import EndlessPermutations

MakeJob = Callable[..., FeedJob]

DOES = {
    "dino": ("fastpass", "torchvision", "torchvision_v2", "dali"),
    "moco_v2": ("fastpass", "torchvision", "ffcv"),
    "rrc": ("fastpass", "torchvision", "torchvision_v2", "dali", "ffcv"),
}


PAIRS = [
    # numba compiles, half a minute for two views
    pytest.param(recipe, name, marks=[pytest.mark.long] * ((recipe, name) == ("moco_v2", "ffcv")))
    for recipe, names in DOES.items()
    for name in names
]


@pytest.mark.parametrize(("recipe", "name"), PAIRS)
def test_every_peer_does_the_whole_recipe(make_job: MakeJob, recipe: str, name: str) -> None:
    job = make_job(recipe)
    peers, missing = load_feed_peers([name], job)
    assert missing == {}
    for peer in peers:
        assert peer.how
        assert all(path.exists() for path in peer.paths() if name != "ffcv")
        # Checks the shapes and the range of the first and the last batch.
        assert min(measure_warm(peer, job, 0.0)) > 0
    # A finalizer of numba's may fail on the code of FFCV's decoder. Here that is a warning; while
    # something is parsed, Python 3.11 takes the report of it for a broken parser.
    del peers, peer
    gc.collect()


def test_one_thread_is_tried_with_a_worker_and_without(make_job: MakeJob) -> None:
    one, _ = load_feed_peers(["torchvision"], make_job())
    two, _ = load_feed_peers(["torchvision"], make_job(threads=2))
    assert [peer.name for peer in one] == ["torchvision", "torchvision"]
    assert len({peer.how for peer in one}) == 2
    assert len(two) == 1


def test_torchvision_reads_every_photo_once_per_pass() -> None:
    sampler = iter(EndlessPermutations(5, seed=3))
    first, second = ([next(sampler) for _ in range(5)] for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(5))
    assert first != second


def test_our_loader_comes_in_both_modes(make_job: MakeJob) -> None:
    peers, _ = load_feed_peers(["fastpass"], make_job())
    assert [peer.name for peer in peers] == ["fastpass fast", "fastpass exact"]


def test_our_loader_is_measured_in_every_way_of_reading_that_it_has(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Choosing:
        def __init__(self, source: object, reads: str = "mmap") -> None: ...

    job = replace(make_job(), modes=("fast",), reads=("mmap", "pread"))
    monkeypatch.setattr(fastpass_loader, "Loader", Choosing)
    names = [peer.name for peer in fastpass_loader.make_peers(job)]
    assert names == ["fastpass fast mmap", "fastpass fast pread"]
    names = [peer.name for peer in fastpass_loader.make_peers(replace(job, reads=None))]
    assert names == ["fastpass fast"]


def test_our_loader_is_measured_in_every_backend_asked_for(make_job: MakeJob) -> None:
    from support.dali_pipelines import enabled

    enabled()
    job = replace(make_job(), modes=("fast",), backends=("native", "dali", "ffcv"))
    peers = fastpass_loader.make_peers(job)
    assert [peer.name for peer in peers] == [
        "fastpass fast", "fastpass dali fast", "fastpass ffcv fast"
    ]  # fmt: skip
    native, *others = (next(peer.batches()) for peer in peers)
    for other in others:
        assert all(one.equal(theirs) for one, theirs in zip(native, other, strict=True))


@pytest.mark.parametrize("name", ["dali", "ffcv"])
@pytest.mark.parametrize("recipe", ["moco_v2", "rrc"])
def test_our_operation_is_measured_inside_of_the_library(
    make_job: MakeJob, name: str, recipe: str
) -> None:
    from support.dali_pipelines import enabled

    enabled()
    job = replace(make_job(recipe), modes=("fast",), backends=("native", name))
    peers, _ = load_feed_peers([name], job)
    assert [peer.name for peer in peers][1:] == [f"fastpass in {name.upper()}"]
    assert min(measure_warm(peers[1], job, 0.0)) > 0


def test_an_absent_peer_is_left_out_by_name(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.FEED_PEERS, "dali", "a_module_that_is_not_there")
    peers, missing = load_feed_peers(["dali"], make_job())
    assert peers == []
    assert missing == {"dali": "not installed: a_module_that_is_not_there"}


def test_ffcv_says_which_of_the_steps_it_does_not_have(make_job: MakeJob) -> None:
    (peer,), missing = load_feed_peers(["ffcv"], make_job("dino"))
    assert missing == {}
    assert "no hue, grayscale, blur, solarization" in peer.how


def test_ffcv_is_left_out_where_it_has_no_such_crop(make_job: MakeJob) -> None:
    job = make_job("rrc")
    (view,) = job.recipe.views
    center = Recipe("center", (replace(view, crop="center"),))
    peers, missing = load_feed_peers(["ffcv"], replace(job, recipe=center))
    assert (peers, missing) == ([], {"ffcv": "does not do the recipe center"})


def test_a_cold_pass_is_whole_and_says_what_was_still_cached(make_job: MakeJob) -> None:
    job = make_job()
    peers, _ = load_feed_peers(["fastpass", "torchvision"], job)
    for peer in peers:
        rate, resident = measure_cold(peer, job)
        assert rate > 0
        assert 0 <= resident <= 1


def test_the_command_line_names_what_there_is() -> None:
    assert tuple(FEED_PEERS) == PEERS
    assert tuple(feed.WORKS) == NAMES
    assert all(isinstance(RECIPES[name](), Recipe) for name in NAMES)
