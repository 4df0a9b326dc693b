"""Timing that is fair on a machine with slow minutes: all works take turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Work = Callable[[], object]  # everything that is timed, complete when it returns


def take_turns(works: Mapping[str, Work], repeats: int, warm_up: int = 2) -> dict[str, list[float]]:
    """Seconds of every repeat; in each repeat every work has its turn."""
    for work in works.values():
        for _ in range(warm_up):
            work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    return seconds
