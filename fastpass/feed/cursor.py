"""Where a loader stands in its epochs: the same state machine for every backend."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from fastpass.common.checks import require_integer
from fastpass.errors import Closed
from fastpass.feed.order import EpochOrder

MAX_EPOCH = 2**32 - 1


class Phase(enum.Enum):
    """What the next iteration does with the position."""

    START = "nothing of this epoch was handed out: start it"
    UNDER_WAY = "batches of this epoch were handed out here: go on to the next epoch"
    RESTORED = "the position was restored: go on from it"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a loader has come, over all ranks; the whole state of an epoch."""

    epoch: int
    samples_done: int  # of this epoch, as of the last batch handed out


class Cursor:
    """Says which epoch an iteration begins in, and at which of its samples.

    An iteration takes three steps: :meth:`begin` is ``iter(loader)``, :meth:`enter` is its first
    ``next``, then :meth:`advance` is called once per batch. It ends by :meth:`finish`, when nothing
    is left of the epoch, or by :meth:`leave`, when the consumer stops early. Only the newest
    iteration may move the position: one that was replaced by another, or left behind by
    :meth:`set_epoch` or :meth:`restore`, raises Closed when a batch is asked of it.

    The rules:

    - An iteration starts an epoch from its first sample. After one that was left early the next
      iteration takes the next epoch, as it does after one that came to its end.
    - ``set_epoch(e)`` asks for epoch ``e`` from its start, also where it was left or finished.
    - A restored position is continued, also after ``set_epoch`` with the same epoch. If nothing is
      left there, the next iteration takes the next epoch; after ``set_epoch`` it is empty, so that
      a loop which counts epochs counts this one as done.
    - An iteration from which no batch was taken changes nothing: frameworks call ``iter`` more
      than once.
    """

    def __init__(self, order: EpochOrder) -> None:
        self._order = order
        self._position = Position(0, 0)
        self._phase = Phase.START
        self._is_asked_for = False  # by set_epoch, since the last batch
        self._newest = 0  # the ticket of the newest iteration
        self._is_entered = False  # the newest iteration has asked for a batch and not ended

    @property
    def position(self) -> Position:
        return self._position

    @property
    def phase(self) -> Phase:
        return self._phase

    @property
    def epoch(self) -> int:
        """The epoch of the last batch; after the end of an epoch, the next one."""
        return self._position.epoch + (self._phase is Phase.RESTORED and self._is_over())

    def set_epoch(self, epoch: int) -> bool:
        """Ask for ``epoch``; True if an iteration under way was left behind.

        Raises BadArgument.
        """
        epoch = require_integer("epoch", epoch, 0, MAX_EPOCH)
        was_left = False
        if epoch != self._position.epoch:
            was_left = self._leave_behind()
            self._start(epoch)
        self._is_asked_for = True
        return was_left

    def restore(self, position: Position) -> bool:
        """Go to a saved position; True if an iteration under way was left behind.

        Raises BadArgument.
        """
        epoch = require_integer("epoch", position.epoch, 0, MAX_EPOCH)
        done = require_integer("samples_done", position.samples_done, 0, self._order.size)
        was_left = self._leave_behind()
        self._position, self._phase = Position(epoch, done), Phase.RESTORED
        self._is_asked_for = False
        return was_left

    def begin(self) -> int:
        """A ticket for a new iteration. It takes the place of the one before.

        Raises BadArgument after the last possible epoch.
        """
        if self._phase is Phase.UNDER_WAY:
            self._start(self._position.epoch + (not self._is_asked_for))
        elif self._phase is Phase.RESTORED and self._is_over():
            self._start(self._position.epoch + 1)
        self._newest += 1
        self._is_entered = False
        return self._newest

    def enter(self, ticket: int) -> Position:
        """Where this iteration starts.

        Raises Closed.
        """
        self.check(ticket)
        self._is_entered = True
        return self._position

    def check(self, ticket: int) -> None:
        """Refuse an iteration that is not the newest.

        Raises Closed.
        """
        if ticket != self._newest:
            raise Closed(
                "a newer iteration over this loader was started, or it was moved to another "
                "epoch: use a new iteration"
            )

    def advance(self, start: int, num_batches: int) -> None:
        """``num_batches`` were handed out since the iteration entered at sample ``start``."""
        done = min(start + num_batches * self._order.global_batch, self._order.size)
        self._position = Position(self._position.epoch, done)
        self._phase = Phase.UNDER_WAY
        self._is_asked_for = False

    def leave(self, ticket: int) -> bool:
        """The iteration stops where it is; True if it was the newest."""
        if ticket != self._newest:
            return False
        self._is_entered = False
        return True

    def finish(self, ticket: int) -> None:
        """Nothing was left of the epoch: go on to the start of the next."""
        if self.leave(ticket):
            self._is_asked_for = False
            if self._position.epoch < MAX_EPOCH:  # else the next iteration is refused
                self._start(self._position.epoch + 1)

    def _start(self, epoch: int) -> None:
        epoch = require_integer("epoch", epoch, 0, MAX_EPOCH)
        self._position, self._phase = Position(epoch, 0), Phase.START

    def _is_over(self) -> bool:
        """Nothing is left of this epoch, and nobody asked to hear that."""
        return self._order.is_over(self._position.samples_done) and not self._is_asked_for

    def _leave_behind(self) -> bool:
        was_entered = self._is_entered
        if was_entered:
            self._newest += 1
            self._is_entered = False
        return was_entered
