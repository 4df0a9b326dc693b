"""Threads whose waiting work is dropped when the block that made them fails."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def thread_pool(num_threads: int) -> Iterator[ThreadPoolExecutor]:
    """A pool for the block; after Ctrl-C only what runs is waited for, not all that was queued."""
    pool = ThreadPoolExecutor(num_threads)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
