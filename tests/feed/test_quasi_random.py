"""The quasi-random order: a permutation that reads few places at a time and still mixes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastpass as fp
from fastpass.feed.order import EpochOrder
from fastpass.feed.permutation import permute
from fastpass.feed.quasi_random import RUN_SAMPLES, WINDOW_RUNS, WINDOW_SAMPLES, QuasiRandom
from fastpass.feed.read_ahead import ReadAhead, coalesce

SHARDS = [0, 1, 1, 900, 5000, 12_000, 20_011]  # one of them empty
SIZE = SHARDS[-1]


def _order(**changes: object) -> EpochOrder:
    values: dict[str, object] = {
        "size": SIZE,
        "batch_size": 256,
        "rank": 0,
        "world_size": 1,
        "seed": 7,
        "shuffle": True,
        "drop_last": True,
        "order": "quasi_random",
        "shard_begins": SHARDS,
    }
    return EpochOrder(**{**values, **changes})  # type: ignore[arg-type]


def _epoch(order: EpochOrder, epoch: int = 0, start: int = 0) -> list[np.ndarray]:
    return [order.batch(i, epoch=epoch, start=start) for i in range(order.num_batches(start))]


def _places(epoch: int = 0, seed: int = 7) -> np.ndarray:
    return QuasiRandom(SHARDS, seed).positions(np.arange(SIZE), epoch=epoch)


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(0, 700), min_size=1, max_size=30).filter(any),
    seed=st.integers(0, 2**64 - 1),
    epoch=st.integers(0, 2**32 - 1),
)
def test_every_sample_once_whatever_the_shards(lengths: list[int], seed: int, epoch: int) -> None:
    begins = np.concatenate([[0], np.cumsum(lengths)])
    positions = QuasiRandom(begins.tolist(), seed).positions(np.arange(begins[-1]), epoch=epoch)
    np.testing.assert_array_equal(np.sort(positions), np.arange(begins[-1]))


@settings(deadline=None, max_examples=30)
@given(places=st.lists(st.integers(0, SIZE - 1), max_size=50), epoch=st.integers(0, 3))
def test_a_place_is_evaluated_alone(places: list[int], epoch: int) -> None:
    """Any places in any grouping: the same as from the whole epoch."""
    asked = np.array(places, dtype=np.int64)
    alone = QuasiRandom(SHARDS, 7).positions(asked, epoch=epoch)
    np.testing.assert_array_equal(alone, _places(epoch)[asked])


def test_epochs_come_and_go_in_any_sequence() -> None:
    order = QuasiRandom(SHARDS, 7)
    everything = np.arange(SIZE)
    for epoch in (0, 1, 0, 5, 1):
        np.testing.assert_array_equal(order.positions(everything, epoch=epoch), _places(epoch))


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
@pytest.mark.parametrize("end", ["drop_last", "pad_last", "all"])
def test_ranks_together_get_everything(world_size: int, end: str) -> None:
    ends = {"drop_last": end == "drop_last", "pad_last": end == "pad_last"}
    epochs = [_epoch(_order(rank=r, world_size=world_size, **ends)) for r in range(world_size)]
    seen = np.concatenate([np.concatenate(batches) for batches in epochs])
    if end != "all":
        assert len({tuple(len(batch) for batch in batches) for batches in epochs}) == 1
    if end == "drop_last":
        assert len(np.unique(seen)) == len(seen) == SIZE // (256 * world_size) * 256 * world_size
    else:
        assert set(seen) == set(range(SIZE))
        assert len(seen) - SIZE < (world_size if end == "pad_last" else 1)


def test_the_same_global_batch_on_any_number_of_ranks() -> None:
    alone = _epoch(_order(batch_size=384))
    shared = [_epoch(_order(batch_size=128, rank=rank, world_size=3)) for rank in range(3)]
    for step, batch in enumerate(alone):
        np.testing.assert_array_equal(np.concatenate([part[step] for part in shared]), batch)


@settings(deadline=None, max_examples=20)
@given(start=st.integers(0, SIZE), batch_size=st.integers(200, 3000))
def test_a_resumed_epoch_is_the_rest_of_it(start: int, batch_size: int) -> None:
    rest = _epoch(_order(batch_size=batch_size, drop_last=False), start=start)
    np.testing.assert_array_equal(np.concatenate([[], *rest]), _places()[start:])


def test_a_window_opens_few_places() -> None:
    """Measured as storage sees it: stretches of neighbors that 2,048 samples in a row come from."""

    def num_stretches(positions: np.ndarray) -> float:
        count = len(positions) // WINDOW_SAMPLES
        windows = positions[: count * WINDOW_SAMPLES].reshape(count, WINDOW_SAMPLES)
        return float(np.mean([len(coalesce(window)) for window in windows]))

    size = 100 * WINDOW_SAMPLES
    everything = np.arange(size)
    random = num_stretches(permute(everything, size, seed=7, epoch=0))
    ours = num_stretches(QuasiRandom([0, size], 7).positions(everything, epoch=0))
    # A stretch of 2,048 that straddles two windows sees the runs of both.
    assert ours <= 2 * WINDOW_RUNS + 2
    assert random > 15 * ours
    # A batch of 256 touches at most the open runs; in random order as many as it has samples.
    batch = QuasiRandom([0, size], 7).positions(everything[:256], epoch=0)
    assert len(np.unique(batch // RUN_SAMPLES)) <= 2 * WINDOW_RUNS
    random_batch = permute(everything[:256], size, seed=7, epoch=0)
    assert len(np.unique(random_batch // RUN_SAMPLES)) > 240


def test_samples_are_mixed() -> None:
    size = 30 * WINDOW_SAMPLES
    positions = QuasiRandom([0, size], 3).positions(np.arange(size), epoch=0)
    # Over the epoch, and inside of windows, when a sample comes says nothing about where it lies.
    assert abs(np.corrcoef(np.arange(size), positions)[0, 1]) < 0.2
    starts = range(0, size - WINDOW_SAMPLES, WINDOW_SAMPLES)
    inside = [
        np.corrcoef(np.arange(WINDOW_SAMPLES), positions[at : at + WINDOW_SAMPLES])[0, 1]
        for at in starts
    ]
    assert abs(np.mean(inside)) < 0.03
    assert np.max(np.abs(inside)) < 0.35
    # Neighbors of the source rarely follow each other, and a batch has samples of most open runs.
    assert np.mean(np.abs(np.diff(positions)) == 1) < 4 / WINDOW_SAMPLES
    runs_in_batch = [
        len(np.unique(positions[at : at + 256] // RUN_SAMPLES)) for at in range(0, size, 256)
    ]
    assert np.mean(runs_in_batch) > 0.9 * WINDOW_RUNS


def test_neighbors_do_not_always_travel_together() -> None:
    """The cuts between runs move: two neighbors meet in a window often, but not every epoch."""
    size = 20 * WINDOW_SAMPLES
    together = np.zeros(size - 1)
    num_epochs = 16
    for epoch in range(num_epochs):
        place = np.empty(size, dtype=np.int64)
        place[QuasiRandom([0, size], 7).positions(np.arange(size), epoch=epoch)] = np.arange(size)
        together += np.abs(np.diff(place)) < WINDOW_SAMPLES
    assert together.mean() / num_epochs > 0.9
    assert (together < num_epochs).mean() > 0.3  # 1 in 32 if the cuts stayed


def test_epochs_and_seeds_differ() -> None:
    first = _places()
    assert np.mean(first == _places(epoch=1)) < 0.01
    assert np.mean(first == _places(seed=8)) < 0.01


def test_a_large_epoch_costs_its_runs() -> None:
    size = 100_000_000
    order = QuasiRandom([0, size], 1)
    positions = order.positions(np.arange(size - 500, size), epoch=0)
    assert len(np.unique(positions)) == 500
    assert order._runs is not None
    assert order._runs.first_places.nbytes < 8 * (size // RUN_SAMPLES + 3)


def test_wrong_shards_are_refused() -> None:
    for begins in ([], [0, 5], [3, SIZE]):
        with pytest.raises(fp.BadArgument, match="shard_begins"):
            _order(shard_begins=begins)


def test_coalesce() -> None:
    assert coalesce(np.array([5, 3, 4, 9, 9, 1])) == [(1, 2), (3, 6), (9, 10)]
    assert coalesce(np.array([], dtype=np.int64)) == []


@pytest.mark.parametrize("world_size", [1, 3, 50])
@pytest.mark.parametrize("start", [0, 1000])
@pytest.mark.parametrize("order_name", ["random", "quasi_random"])
def test_all_is_asked_for_before_it_is_read_and_nothing_twice(
    order_name: str, start: int, world_size: int
) -> None:
    order = _order(order=order_name, batch_size=100, rank=0, world_size=world_size)
    read_ahead = ReadAhead(order, epoch=2, start=start)
    asked: list[int] = []
    for index in range(order.num_batches(start)):
        positions = order.batch(index, epoch=2, start=start)
        for first, last in read_ahead.ranges(index, positions):
            asked.extend(range(first, last))
        assert set(positions.tolist()) <= set(asked)
    assert len(asked) == len(set(asked))
    assert len(asked) == 100 * order.num_batches(start)


def test_a_rank_alone_asks_for_whole_runs_bit_by_bit() -> None:
    size = 50 * WINDOW_SAMPLES
    order = _order(size=size, shard_begins=[0, size])
    read_ahead = ReadAhead(order, epoch=0, start=0)
    lengths: list[int] = []
    for index in range(order.num_batches()):
        ranges = read_ahead.ranges(index, order.batch(index, epoch=0))
        lengths += [last - first for first, last in ranges]
        if index > 0:  # not a whole window at once
            assert len(ranges) <= WINDOW_RUNS // 4
    assert np.mean(lengths) > 0.95 * RUN_SAMPLES
