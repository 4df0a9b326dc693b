"""Where a loader stands: every way of starting, leaving, restoring and asking for an epoch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

import fastpass as fp
from fastpass.feed.cursor import MAX_EPOCH, Cursor, Phase, Position
from fastpass.feed.order import EpochOrder

NUM_BATCHES = 6


class Feed:
    """A loader without images: its batches are (epoch, index)."""

    def __init__(self) -> None:
        order = EpochOrder(
            size=4 * NUM_BATCHES + 1, batch_size=4, rank=0, world_size=1, seed=0, shuffle=True,
            drop_last=True,
        )  # fmt: skip
        self.order, self.cursor = order, Cursor(order)

    def __len__(self) -> int:
        return self.order.num_batches()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return self._run(self.cursor.begin())

    def _run(self, ticket: int) -> Iterator[tuple[int, int]]:
        position = self.cursor.enter(ticket)
        start = position.samples_done
        try:
            for index in range(self.order.num_batches(start)):
                self.cursor.check(ticket)
                self.cursor.advance(start, index + 1)
                yield position.epoch, start // 4 + index
        finally:
            self.cursor.leave(ticket)
        self.cursor.finish(ticket)

    def take(self, count: int) -> list[tuple[int, int]]:
        """An iteration that is left after ``count`` batches."""
        return list(itertools.islice(self, count))

    def at(self, epoch: int, batches_done: int) -> Feed:
        self.cursor.restore(Position(epoch, 4 * batches_done))
        return self


def _batches(epoch: int, first: int = 0, last: int = NUM_BATCHES) -> list[tuple[int, int]]:
    return [(epoch, index) for index in range(first, last)]


def test_one_epoch_after_the_other() -> None:
    feed = Feed()
    for epoch in range(3):
        assert feed.cursor.epoch == epoch
        assert feed.cursor.phase is Phase.START
        assert list(feed) == _batches(epoch)
    assert feed.cursor.position == Position(3, 0)


@pytest.mark.parametrize("count", range(1, NUM_BATCHES + 1))
def test_after_one_left_early_comes_the_next(count: int) -> None:
    """By break, islice, zip, or a loop that counts len(loader) batches."""
    feed = Feed()
    assert feed.take(count) == _batches(0, 0, count)
    assert feed.cursor.epoch == 0
    assert feed.cursor.phase is Phase.UNDER_WAY
    assert feed.take(count) == _batches(1, 0, count)
    assert list(feed) == _batches(2)
    assert list(feed) == _batches(3)


def test_an_exception_in_the_loop_is_leaving_early() -> None:
    feed = Feed()
    with pytest.raises(ZeroDivisionError):
        for _ in feed:
            raise ZeroDivisionError
    assert list(feed) == _batches(1)


def test_iterations_from_which_nothing_was_taken_change_nothing() -> None:
    feed = Feed()
    iter(feed)
    first = iter(feed)
    iter(feed)
    with pytest.raises(fp.Closed, match="newer iteration"):
        next(first)
    assert list(feed) == _batches(0)
    feed.take(2)
    iter(feed)
    iter(feed)
    assert list(feed) == _batches(2)


def test_of_two_iterations_the_newer_one_counts() -> None:
    feed = Feed()
    first, second = iter(feed), iter(feed)
    assert next(second) == (0, 0)
    with pytest.raises(fp.Closed, match="use a new iteration"):
        next(first)
    third = iter(feed)
    assert next(third) == (1, 0)
    with pytest.raises(fp.Closed):
        next(second)
    assert list(third) == _batches(1, 1)
    assert feed.cursor.position == Position(2, 0)


@pytest.mark.parametrize("taken", [0, 2, NUM_BATCHES])
@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_set_epoch_asks_for_the_start_of_an_epoch(epoch: int, taken: int) -> None:
    feed = Feed()
    feed.take(taken)
    feed.cursor.set_epoch(epoch)
    iter(feed)
    assert list(feed) == _batches(epoch)
    assert feed.cursor.epoch == epoch + 1


def test_set_epoch_in_every_turn_of_a_loop() -> None:
    """Of a loop with and without a break: the n-th epoch is epoch n, whatever came before."""
    feed = Feed()
    for epoch in range(4):
        feed.cursor.set_epoch(epoch)
        assert feed.take(2 if epoch % 2 else NUM_BATCHES + 1) == _batches(
            epoch, 0, 2 if epoch % 2 else NUM_BATCHES
        )


def test_set_epoch_between_iter_and_the_first_batch() -> None:
    feed = Feed()
    iteration = iter(feed)
    feed.cursor.set_epoch(4)
    assert list(iteration) == _batches(4)


def test_set_epoch_to_the_epoch_under_way_does_not_disturb_it() -> None:
    feed = Feed()
    iteration = iter(feed)
    next(iteration)
    assert not feed.cursor.set_epoch(0)
    assert feed.cursor.position == Position(0, 4)
    assert list(iteration) == _batches(0, 1)
    assert list(feed) == _batches(1)  # the request was for what came then


def test_set_epoch_away_leaves_the_iteration_behind() -> None:
    feed = Feed()
    iteration = iter(feed)
    next(iteration)
    assert feed.cursor.set_epoch(5)
    with pytest.raises(fp.Closed, match="another epoch"):
        next(iteration)
    assert feed.cursor.position == Position(5, 0)
    assert list(feed) == _batches(5)


def test_moving_after_the_last_batch_is_not_undone_by_the_end() -> None:
    feed = Feed()
    for _, index in feed:
        if index == NUM_BATCHES - 1:
            feed.cursor.set_epoch(8)
    assert feed.cursor.position == Position(8, 0)
    for _, index in feed:
        if index == NUM_BATCHES - 1:
            feed.at(3, 2)
    assert list(feed) == _batches(3, 2)


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("done", range(NUM_BATCHES))
def test_a_restored_position_is_continued(done: int, asks: bool) -> None:
    feed = Feed().at(2, done)
    iter(feed)
    if asks:
        feed.cursor.set_epoch(2)
    iter(feed)
    assert feed.cursor.epoch == 2
    assert list(feed) == _batches(2, done)
    assert list(feed) == _batches(3)


def test_a_restored_position_is_continued_once() -> None:
    feed = Feed().at(2, 3)
    assert feed.take(1) == [(2, 3)]
    assert list(feed) == _batches(3)
    feed.at(2, 3).take(1)
    feed.cursor.set_epoch(2)
    assert list(feed) == _batches(2)  # asked for: from its start


def test_a_restored_end_is_empty_only_where_that_epoch_is_asked_for() -> None:
    feed = Feed().at(2, NUM_BATCHES)
    assert feed.cursor.epoch == 3
    iter(feed)
    assert list(feed) == _batches(3)
    feed.at(2, NUM_BATCHES).cursor.set_epoch(2)
    assert feed.cursor.epoch == 2
    assert list(feed) == []
    assert list(feed) == _batches(3)
    feed.at(2, NUM_BATCHES).cursor.set_epoch(5)
    assert list(feed) == _batches(5)


def test_restoring_during_an_iteration() -> None:
    feed = Feed()
    iteration = iter(feed)
    next(iteration)
    assert feed.cursor.restore(Position(0, 8))
    with pytest.raises(fp.Closed):
        next(iteration)
    assert feed.cursor.position == Position(0, 8)
    assert not feed.cursor.restore(Position(0, 4))
    assert list(feed) == _batches(0, 1)


@pytest.mark.parametrize("taken", range(NUM_BATCHES + 1))
def test_what_a_break_leaves_can_be_saved_and_restored(taken: int) -> None:
    """The saved position says what was handed out, however the loop ended."""
    feed, other = Feed(), Feed()
    taken_here = feed.take(taken)
    other.cursor.restore(feed.cursor.position)
    rest = list(other)
    assert taken_here + rest == _batches(0) if taken < NUM_BATCHES else rest == _batches(1)


def test_the_last_epoch_there_is() -> None:
    feed = Feed()
    feed.cursor.set_epoch(MAX_EPOCH)
    assert list(feed) == _batches(MAX_EPOCH)
    with pytest.raises(fp.BadArgument, match="epoch = 4294967296"):
        iter(feed)
    feed.cursor.set_epoch(0)
    assert list(feed) == _batches(0)


@pytest.mark.parametrize("epoch", [-1, MAX_EPOCH + 1, 1.0, True, None])
def test_what_is_no_epoch_is_refused(epoch: object) -> None:
    feed = Feed()
    with pytest.raises(fp.BadArgument, match="epoch = "):
        feed.cursor.set_epoch(epoch)  # type: ignore[arg-type]
    with pytest.raises(fp.BadArgument, match="epoch = "):
        feed.cursor.restore(Position(epoch, 0))  # type: ignore[arg-type]
    with pytest.raises(fp.BadArgument, match="samples_done = 26"):
        feed.cursor.restore(Position(0, 26))
    assert list(feed) == _batches(0)
