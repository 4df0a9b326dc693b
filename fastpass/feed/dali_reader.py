"""Encoded samples for DALI's external source, read ahead by threads of their own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.errors import Closed, FastpassError
from fastpass.feed.order import EpochOrder
from fastpass.feed.permutation import Positions
from fastpass.feed.read_ahead import ReadAhead
from fastpass.pack import Pack

_NOTHING = np.empty(0, np.uint8)


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch of encoded samples. DALI shows their memory without a copy: keep it until then."""

    positions: Positions
    sample_ids: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    encoded: list[npt.NDArray[np.uint8]]
    seek_indexes: list[npt.NDArray[np.uint8]]  # empty where there is none
    seconds: float  # that it took
    unread: dict[int, FastpassError] = field(default_factory=dict)  # place -> why


class BatchReader:
    """Gives one batch after the other, and has the next ones read meanwhile.

    num_threads: which read, each a batch: a folder's files are read by system calls, one by one.
    """

    def __init__(self, pack: Pack, order: EpochOrder, *, reads: str, num_threads: int) -> None:
        self._native: Any = pack.native
        self._order = order
        self._reads_by_pread = reads == "pread"
        self._num_ahead = num_threads
        self._threads = ThreadPoolExecutor(num_threads, "fastpass-dali-read")
        self._coming: Iterator[Future[ReadBatch]] = iter(())
        self._reading: deque[Future[ReadBatch]] = deque()
        self.seconds = 0.0  # of all threads

    def begin(self, epoch: int, start: int) -> None:
        """From now on the batches of this epoch."""
        self._coming = self._begun(epoch, start)

    def next(self) -> ReadBatch:
        """Raises StopIteration after the last one, and before ``begin``."""
        while len(self._reading) < 1 + self._num_ahead:
            begun = next(self._coming, None)
            if begun is None:
                break
            self._reading.append(begun)
        if not self._reading:
            raise StopIteration
        batch = self._reading.popleft().result()
        self.seconds += batch.seconds
        return batch

    def end(self) -> None:
        """Nothing more comes before the next ``begin``."""
        self._coming = iter(())
        for future in self._reading:
            future.cancel()
        wait(self._reading)
        self._reading.clear()

    def close(self) -> None:
        self.end()
        self._threads.shutdown()
        self._native = None  # with the files of the pack

    def _begun(self, epoch: int, start: int) -> Iterator[Future[ReadBatch]]:
        read_ahead = ReadAhead(self._order, epoch=epoch, start=start)
        for index in range(self._order.num_batches(start)):
            positions = self._order.batch(index, epoch=epoch, start=start)
            native = self._native
            if native is None:
                raise Closed("the loader is closed: make a new one")
            for first, last in read_ahead.ranges(index, positions):
                native.prefetch(first, last)
            yield self._threads.submit(self._read, native, positions, epoch)

    def _read(self, native: Any, positions: Positions, epoch: int) -> ReadBatch:
        began = time.perf_counter()
        fetch = native.read if self._reads_by_pread else native.fetch
        encoded, seek_indexes = [], []
        unread: dict[int, FastpassError] = {}
        for place, position in enumerate(positions.tolist()):
            try:
                fetched = fetch(position)
                encoded.append(np.frombuffer(fetched, np.uint8))
                index = fetched.seek_index
                seek_indexes.append(_NOTHING if index is None else np.frombuffer(index, np.uint8))
            except FastpassError as error:
                error.add_context(native.describe(position))
                unread[place] = error
                del encoded[place:], seek_indexes[place:]
                encoded.append(_NOTHING)
                seek_indexes.append(_NOTHING)
        ids = [native.sample_id(position) for position in positions.tolist()]
        return ReadBatch(
            positions=positions,
            sample_ids=np.array(ids, np.int64),
            epochs=np.full(len(ids), epoch, np.int64),
            encoded=encoded,
            seek_indexes=seek_indexes,
            seconds=time.perf_counter() - began,
            unread=unread,
        )
