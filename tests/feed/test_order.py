"""The keyed permutation and its sharding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpass.feed.keys import draw_words
from fastpass.feed.order import EpochOrder
from fastpass.feed.permutation import distinct, permute


def _order(**changes: object) -> EpochOrder:
    values: dict[str, object] = {
        "size": 103,
        "batch_size": 4,
        "rank": 0,
        "world_size": 1,
        "seed": 7,
        "shuffle": True,
        "drop_last": True,
    }
    return EpochOrder(**{**values, **changes})  # type: ignore[arg-type]


def _epoch(order: EpochOrder, epoch: int = 0, start: int = 0) -> list[np.ndarray]:
    count = order.num_batches(start)
    return [order.batch(i, epoch=epoch, start=start) for i in range(count)]


@given(
    seed=st.integers(0, 2**64 - 1),
    epoch=st.integers(0, 2**32 - 1),
    domain=st.lists(st.integers(1, 2**40), max_size=4),
    count=st.integers(1, 9),
)
def test_keys_are_numpys(seed: int, epoch: int, domain: list[int], count: int) -> None:
    expected = np.random.SeedSequence([seed, epoch, *domain]).generate_state(count, np.uint32)
    assert list(draw_words(seed, epoch, tuple(domain), count)) == expected.tolist()


@given(values=st.lists(st.integers(-5, 5)))
def test_distinct_is_numpys_unique(values: list[int]) -> None:
    given_values = np.array(values, dtype=np.int64)
    np.testing.assert_array_equal(distinct(given_values), np.unique(given_values))


@given(size=st.integers(1, 3000), seed=st.integers(0, 2**64 - 1), epoch=st.integers(0, 2**32 - 1))
def test_permute_is_one_to_one(size: int, seed: int, epoch: int) -> None:
    permuted = permute(np.arange(size), size, seed=seed, epoch=epoch)
    np.testing.assert_array_equal(np.sort(permuted), np.arange(size))


def test_permute_of_a_billion_costs_a_batch() -> None:
    size = 10**9 + 7
    permuted = permute(np.arange(size - 1000, size), size, seed=1, epoch=2)
    assert len(np.unique(permuted)) == 1000
    assert permuted.min() >= 0
    assert permuted.max() < size


def test_permute_looks_random() -> None:
    """Where a position lands, over many epochs, is uniform; neighbors do not stay neighbors."""
    size, epochs = 50, 4000
    landed = np.stack(
        [permute(np.arange(size), size, seed=3, epoch=epoch) for epoch in range(epochs)]
    )
    for position in (0, 1, 24, 49):
        counts = np.bincount(landed[:, position], minlength=size)
        chi_square = ((counts - epochs / size) ** 2 / (epochs / size)).sum()
        assert chi_square < 95  # 49 degrees of freedom: p < 1e-4
    stayed = (np.diff(landed, axis=1) == 1).mean()
    assert stayed == pytest.approx(1 / size, rel=0.15)
    fixed = (landed == np.arange(size)).sum(axis=1).mean()
    assert fixed == pytest.approx(1, rel=0.15)


def test_an_epoch_is_every_sample_once_and_epochs_differ() -> None:
    order = _order(drop_last=False)
    first, second = (np.concatenate(_epoch(order, epoch)) for epoch in (0, 1))
    np.testing.assert_array_equal(np.sort(first), np.arange(103))
    np.testing.assert_array_equal(np.sort(second), np.arange(103))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, np.concatenate(_epoch(order, 0)))


def test_without_shuffle_the_source_order() -> None:
    order = _order(shuffle=False, drop_last=False)
    np.testing.assert_array_equal(np.concatenate(_epoch(order)), np.arange(103))


def _ranks(**changes: object) -> list[list[np.ndarray]]:
    """The batches of an epoch on every rank; ``changes`` of ``_order``."""
    world_size = changes["world_size"]
    assert isinstance(world_size, int)
    return [_epoch(_order(rank=rank, **changes)) for rank in range(world_size)]


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
@pytest.mark.parametrize("end", ["drop_last", "pad_last"])
def test_ranks_get_equal_counts(world_size: int, end: str) -> None:
    ends = {"drop_last": False, "pad_last": False, end: True}
    epochs = _ranks(world_size=world_size, **ends)
    assert len({tuple(len(batch) for batch in batches) for batches in epochs}) == 1
    seen = np.concatenate([np.concatenate(batches) for batches in epochs])
    if end == "drop_last":
        assert len(np.unique(seen)) == len(seen) == 103 // (4 * world_size) * 4 * world_size
    else:
        assert set(seen) == set(range(103))
        assert len(seen) - 103 < world_size


@settings(deadline=None)
@given(size=st.integers(1, 60), batch_size=st.integers(1, 7), world_size=st.integers(1, 9))
def test_without_dropping_or_padding_every_sample_comes_once(
    size: int, batch_size: int, world_size: int
) -> None:
    values = {"size": size, "batch_size": batch_size, "world_size": world_size, "drop_last": False}
    epochs = _ranks(**values)
    seen = [position for batches in epochs for batch in batches for position in batch]
    assert sorted(seen) == list(range(size))
    assert all(len(batch) > 0 for batches in epochs for batch in batches)
    counts = [len(batches) for batches in epochs]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] - counts[-1] <= 1
    sizes = [sum(map(len, batches)) for batches in epochs]
    assert sizes[0] - sizes[-1] <= 1


@pytest.mark.parametrize("world_size", [2, 3])
def test_together_the_ranks_take_the_order_of_one(world_size: int) -> None:
    """Unshuffled, and after a restart with another number of ranks in the middle."""
    for start in (0, 24):
        orders = [
            _order(rank=rank, world_size=world_size, shuffle=False, drop_last=False)
            for rank in range(world_size)
        ]
        steps = max(order.num_batches(start) for order in orders)
        taken = [
            position
            for step in range(steps)
            for order in orders
            if step < order.num_batches(start)
            for position in order.batch(step, epoch=0, start=start)
        ]
        assert taken == list(range(start, 103))


def test_an_epoch_is_over_when_no_rank_has_anything_left() -> None:
    order = _order(rank=2, world_size=3, size=25, drop_last=False)
    assert order.num_batches(24) == 0  # the last sample is rank 0's
    assert not order.is_over(24)
    assert order.is_over(25)
    assert _order(size=27, world_size=3).is_over(24)
    assert not _order(size=27, world_size=3).is_over(15)


def test_the_same_global_batch_on_any_number_of_ranks() -> None:
    alone = _epoch(_order(batch_size=12))
    shared = [_epoch(_order(batch_size=4, rank=rank, world_size=3)) for rank in range(3)]
    for step, batch in enumerate(alone):
        np.testing.assert_array_equal(np.concatenate([part[step] for part in shared]), batch)


@settings(deadline=None)
@given(start=st.integers(0, 103), batch_size=st.integers(1, 9))
def test_a_resumed_epoch_is_the_rest_of_it(start: int, batch_size: int) -> None:
    order = _order(batch_size=batch_size, drop_last=False)
    whole = np.concatenate(_epoch(order))
    rest = _epoch(order, start=start)
    np.testing.assert_array_equal(np.concatenate([[], *rest]), whole[start:])
