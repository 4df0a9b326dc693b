"""Work on one thread, pass after pass, the peers taking turns: for augment and decode."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastpass.bench.record import median_ratio, summarize

Run = Callable[[], None]  # one pass over all jobs of a work


def seconds_per_pass(run: Run, seconds: float) -> float:
    """Processor time of this thread per pass, over as many passes as fill ``seconds``."""
    num_passes, start = 0, time.thread_time()
    while True:
        run()
        num_passes += 1
        passed = time.thread_time() - start
        if passed >= seconds:
            return passed / num_passes


def measure_runs(
    runs: Mapping[str, Run], repeats: int, seconds: float, advance: Callable[[], None]
) -> dict[str, list[float]]:
    """name -> seconds per pass of every repeat; each runs once before, not counted."""
    for run in runs.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            found[name].append(seconds_per_pass(run, seconds))
            advance()
    return found


def work_rows(
    times: Mapping[str, Sequence[float]], num_jobs: int, num_pixels: int, ours: Sequence[str]
) -> list[dict[str, Any]]:
    """ms per job, ns per output pixel, and how many times as fast each of ours is.

    num_pixels: of the results of one pass, all jobs together.
    """
    return [
        {
            "by": name,
            "ms": summarize([1e3 * s / num_jobs for s in passes]),
            "ns_per_output_pixel": round(1e9 * statistics.median(passes) / num_pixels, 3),
            "times_as_fast": {
                mine: median_ratio(passes, times[mine])
                for mine in ours
                if mine in times and mine != name
            },
        }
        for name, passes in times.items()
    ]
