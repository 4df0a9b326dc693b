"""A decoder whose passes run in C, and the C view of its jobs."""

from __future__ import annotations

import ctypes
from abc import ABC, abstractmethod
from collections.abc import Sequence

from fastpass.bench.peers.decode_peer import DecodeJob


class NativeJob(ctypes.Structure):
    """``DecodeJob`` of benchmarks/native/decode_job.h."""

    _fields_ = (
        ("jpeg", ctypes.c_char_p),
        ("jpeg_size", ctypes.c_size_t),
        ("index", ctypes.c_char_p),
        ("index_size", ctypes.c_size_t),
        ("top", ctypes.c_int32),
        ("left", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("scale_denominator", ctypes.c_int32),
    )


Digests = ctypes.Array[ctypes.c_uint64]


class NativePeer(ABC):
    """What the passes of ``seconds`` and ``digests`` have in common."""

    def seconds(self, jobs: Sequence[DecodeJob]) -> float:
        return self._run(jobs, None)

    def digests(self, jobs: Sequence[DecodeJob]) -> list[int]:
        found = (ctypes.c_uint64 * len(jobs))()
        self._run(jobs, found)
        return list(found)

    @abstractmethod
    def _run(self, jobs: Sequence[DecodeJob], digests: Digests | None) -> float:
        """One pass; fills in the digests where they are wanted."""


class PassResult(ctypes.Structure):
    """``PassResult`` of benchmarks/native/decode_job.h."""

    _fields_ = (
        ("seconds", ctypes.c_double),
        ("failed", ctypes.c_int32),
        ("message", ctypes.c_char * 228),
    )

    def checked_seconds(self, who: str) -> float:
        """Raises RuntimeError when a job failed: a faster failure is no result."""
        if self.failed >= 0:
            raise RuntimeError(f"{who}: job {self.failed}: {self.message.decode()}")
        return float(self.seconds)


def native_jobs(jobs: Sequence[DecodeJob], *, indexed: bool) -> ctypes.Array[NativeJob]:
    """The jobs as a C array; it borrows their bytes, which must outlive it."""
    array = (NativeJob * len(jobs))()
    for target, job in zip(array, jobs, strict=True):
        target.jpeg, target.jpeg_size = job.photo.data, len(job.photo.data)
        if indexed and job.photo.index is not None:
            target.index, target.index_size = job.photo.index, len(job.photo.index)
        if job.box is not None:
            target.top, target.left = job.box.top, job.box.left
            target.height, target.width = job.box.height, job.box.width
        target.scale_denominator = job.scale_denominator
    return array
