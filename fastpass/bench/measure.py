"""Images per second of the loaders: interleaved, warm-up excluded, every batch shape checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from fastpass.augment import Recipe, ViewSpec
from fastpass.bench.page_cache import evict
from fastpass.bench.peers.feed_peer import FeedJob, FeedPeer
from fastpass.bench.record import is_ours


@dataclass
class Entry:
    """One loader with its job; rates: images/s of every repeat; failure: why it has none.

    first_batches: seconds from every start to the first batch.
    """

    peer: FeedPeer
    job: FeedJob
    rates: list[float] = field(default_factory=list)
    failure: str = ""
    first_batches: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)  # cold runs: share still in the cache


def check_batch(views: Sequence[Any], recipe: Recipe, batch_size: int) -> None:
    """No peer may win by doing less: the shapes, the type, and values that look normalized.

    Raises RuntimeError that says what came.
    """
    shapes = [(tuple(view.shape), str(view.dtype)) for view in views]
    wanted = [((batch_size, 3, s.size, s.size), "torch.float32") for s in recipe.views]
    if shapes != wanted:
        raise RuntimeError(f"wrong views: {shapes}, wanted {wanted}")
    for view, spec in zip(views, recipe.views, strict=True):
        low, high = float(view.min()), float(view.max())
        least, most = _normalized_range(spec)
        if not least - 0.01 < low < high < most + 0.01:
            raise RuntimeError(f"values in [{low:.2f}, {high:.2f}] are not normalized pixels")


def _normalized_range(spec: ViewSpec) -> tuple[float, float]:
    pairs = list(zip(spec.mean, spec.std, strict=True))
    return min(-m / s for m, s in pairs), max((1 - m) / s for m, s in pairs)


def measure_warm(peer: FeedPeer, job: FeedJob, seconds: float) -> tuple[float, float]:
    """(images/s, seconds from the start to the first batch).

    The rate is that from one batch's arrival to the first arrival after ``seconds``. One batch and
    two more per thread come first and are not counted.
    """
    start = time.perf_counter()
    with closing(peer.batches()) as batches:  # type: ignore[type-var]
        first = next(batches)
        to_first = time.perf_counter() - start
        check_batch(first, job.recipe, job.batch_size)
        for _ in range(2 * job.threads):
            next(batches)
        num_batches, start, passed = 0, time.perf_counter(), 0.0
        while num_batches == 0 or passed < seconds:
            views = next(batches)
            num_batches += 1
            passed = time.perf_counter() - start
        check_batch(views, job.recipe, job.batch_size)
    return num_batches * job.batch_size / passed, to_first


def measure_cold(peer: FeedPeer, job: FeedJob) -> tuple[float, float]:
    """(images/s of one pass over files that are not in the page cache, share that still was).

    The clock starts before the loader does: its start belongs to a cold pass.
    """
    resident = evict(peer.paths())
    num_batches = max(1, job.photos.copies * len(job.photos.files) // job.batch_size)
    start = time.perf_counter()
    with closing(peer.batches()) as batches:  # type: ignore[type-var]
        for _ in range(num_batches):
            views = next(batches)
        passed = time.perf_counter() - start
        check_batch(views, job.recipe, job.batch_size)
    return num_batches * job.batch_size / passed, resident


def measure_all(
    entries: Sequence[Entry],
    repeats: int,
    seconds: float,
    advance: Callable[[], None],
    *,
    is_cold: bool = False,
) -> None:
    """Fill in the rates; the entries take turns, so that a slow minute hits all of them.

    A peer that fails, or does less than the work, is not asked again; our own errors are raised.
    """
    for _ in range(repeats):
        for entry in entries:
            if not entry.failure:
                _measure_entry(entry, seconds, is_cold)
            advance()


def _measure_entry(entry: Entry, seconds: float, is_cold: bool) -> None:
    try:
        if is_cold:
            rate, resident = measure_cold(entry.peer, entry.job)
            entry.resident.append(resident)
        else:
            rate, to_first = measure_warm(entry.peer, entry.job, seconds)
            entry.first_batches.append(to_first)
    except Exception as error:  # whatever another library raises
        if is_ours(entry.peer.name):
            raise
        reason = (str(error).strip().splitlines() or [""])[-1]
        entry.failure = f"failed: {type(error).__name__}: {reason}"
    else:
        entry.rates.append(rate)
