"""The rows of the decode benchmark that are no race of decoders on one thread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.decode_work import WORKS, make_index, make_jobs
from benchmarks.native_decode import NativeDecode

import fastpass as fp
from benchmarks.machine import summarize
from fastpass.bench.peers.decode_peer import Photo


def _wall(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def measure_threads(backends: Sequence[str], photos: list[Photo], repeats: int) -> dict[str, Any]:
    """Efficiency of two threads, wall time: half of (one thread's time / two threads' time).

    "loop": decoders and outputs reused. "call": ``decode_jpeg`` of the list, new arrays. Needs two
    processors that do nothing else.
    """
    jobs = make_jobs(photos, WORKS[0], 0)
    batch = [photo.data for photo in photos]
    found: dict[str, Any] = {}
    for backend in backends:
        one, two = NativeDecode(backend), NativeDecode(backend, threads=2)
        ways: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "loop": (lambda one=one: one.seconds(jobs), lambda two=two: two.seconds(jobs)),
            "call": (
                lambda name=backend: fp.decode_jpeg(batch, backend=name, threads=1),
                lambda name=backend: fp.decode_jpeg(batch, backend=name, threads=2),
            ),
        }
        for way, (single, double) in ways.items():
            single(), double()  # warm up
            pairs = [(_wall(single), _wall(double)) for _ in range(repeats)]
            found[f"{backend} {way}"] = summarize([a / (2 * b) for a, b in pairs])
    return found


def measure_indexing(photos: Sequence[Photo], repeats: int) -> dict[str, Any]:
    """MB of JPEG per second and core while seek indexes are made, and their size."""
    indexed = [photo for photo in photos if photo.index is not None]
    if not indexed:
        return {}
    file_bytes = sum(len(photo.data) for photo in indexed)
    rates = []
    for _ in range(repeats):
        begin = time.thread_time()
        for photo in indexed:
            make_index(photo.data)
        rates.append(file_bytes / (time.thread_time() - begin) / 1e6)
    shares = [len(photo.index or b"") / len(photo.data) for photo in indexed]
    return {
        "mb_per_second": summarize(rates),
        "index_share_median": round(statistics.median(shares), 5),
        "index_share_max": round(max(shares), 5),
    }
