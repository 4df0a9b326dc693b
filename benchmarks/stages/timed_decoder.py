"""What is timed in the decode benchmark: one decoder, and the loop that calls it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from benchmarks.decode_work import Work

from fastpass.bench.peers.decode_peer import DecodeJob, DecodePeer


class TimedDecoder(Protocol):
    """Making one may fail with ImportError: it is then left out."""

    name: str
    how: str  # one line for the table

    def does(self, work: Work) -> bool:
        """Whether it has a way of its own for this work."""
        ...

    def seconds(self, jobs: Sequence[DecodeJob]) -> float:
        """Processor time of this thread for one pass over the jobs."""
        ...

    def digests(self, jobs: Sequence[DecodeJob]) -> list[int]:
        """XXH64 of each job's RGB pixels, rows without padding."""
        ...


class PythonLoop:
    """A decoder that Python calls image by image."""

    def __init__(self, peer: DecodePeer) -> None:
        self.name, self.how = peer.name, peer.how
        self._decode = peer.decode

    def does(self, work: Work) -> bool:
        return True

    def seconds(self, jobs: Sequence[DecodeJob]) -> float:
        begin = time.thread_time()
        for job in jobs:
            self._decode(job)
        return time.thread_time() - begin

    def digests(self, jobs: Sequence[DecodeJob]) -> list[int]:
        import xxhash

        found = []
        for job in jobs:
            pixels = np.asarray(self._decode(job))
            found.append(xxhash.xxh64_intdigest(np.ascontiguousarray(pixels).tobytes()))
        return found
