"""What a backend is to the loader: a maker of batches, in the order it is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from fastpass.errors import Closed
from fastpass.feed.batch import Batch


@dataclass(frozen=True, slots=True)
class MadeBatch:
    """What a backend has made of one batch of the order."""

    batch: Batch | None  # None where every sample of it was damaged
    num_images: int  # in the batch
    skipped: list[tuple[int, Exception]]  # sample id and fault of each damaged sample


@dataclass(frozen=True, slots=True)
class WorkDone:
    """Sums over all threads of a backend since it was opened."""

    read_seconds: float = 0.0
    decode_seconds: float = 0.0
    augment_seconds: float = 0.0
    num_images: int = 0  # finished, those not handed out yet included
    num_slots: int = 0  # batch memories ever allocated


class OpenHere:
    """Whether a backend may be used: it is open, and this is the process whose threads it has."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._is_closed = False

    @property
    def is_own_process(self) -> bool:
        return os.getpid() == self._process

    def close(self) -> None:
        self._is_closed = True

    def check(self) -> None:
        """Raises Closed."""
        if self._is_closed:
            raise Closed("the loader is closed: make a new one")
        if not self.is_own_process:
            raise Closed(
                f"this loader was opened in process {self._process}, and this is process "
                f"{os.getpid()}, a fork of it without its threads: open a new one here, or start "
                'the process by "spawn" or "forkserver"'
            )


class Feed(Protocol):
    """One backend at work on one pack with one recipe.

    The loader keeps the position, the order, the counts and the reports; a backend makes batches.
    """

    def batches(self, epoch: int, start: int) -> Iterator[MadeBatch]:
        """This rank's batches of an epoch from its sample ``start`` on: as many as the order has.

        Only one such iterator is used at a time. Raises FastpassError for what cannot be skipped.
        """
        ...

    def cancel(self) -> None:
        """Drop what was prepared for the iterator of before; it is not asked again."""
        ...

    def close(self) -> None:
        """End the threads and free the memory; batches that were handed out stay valid."""
        ...

    def work_done(self) -> WorkDone:
        """Also after ``close``."""
        ...
