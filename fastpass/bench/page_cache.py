"""Files out of the page cache, for measuring a cold start; and how much of them is still in it."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def resident_fraction(paths: Iterable[Path]) -> float:
    """Share of the files' pages that is in memory, 0 to 1; 0 for files without bytes."""
    counts = [_count_pages(path) for path in paths]
    total = sum(pages for _, pages in counts)
    return sum(resident for resident, _ in counts) / total if total else 0.0


def evict(paths: Iterable[Path]) -> float:
    """Ask the system to drop the files' pages, and return what ``resident_fraction`` says then.

    POSIX_FADV_DONTNEED on clean pages. What a process has mapped stays, and a file system in
    memory (tmpfs) keeps everything.
    """
    files = list(paths)
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)  # only clean pages can be dropped
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return resident_fraction(files)


def _count_pages(path: Path) -> tuple[int, int]:
    """(pages in memory, pages of the file), by mincore."""
    with path.open("rb") as file:
        return _resident_pages(file.fileno())


def _resident_pages(descriptor: int) -> tuple[int, int]:
    size = os.fstat(descriptor).st_size
    if size == 0:
        return 0, 0
    num_pages = -(-size // mmap.PAGESIZE)
    flags = np.zeros(num_pages, np.uint8)
    libc = ctypes.CDLL(None, use_errno=True)
    with mmap.mmap(descriptor, size, prot=mmap.PROT_READ) as mapping:
        pages = np.frombuffer(mapping, np.uint8)
        failed = libc.mincore(
            ctypes.c_void_p(pages.ctypes.data), ctypes.c_size_t(size),
            ctypes.c_void_p(flags.ctypes.data),
        )  # fmt: skip
        del pages  # or the mapping cannot be closed
    if failed:
        raise OSError(ctypes.get_errno(), "mincore failed")
    return int((flags & 1).sum()), num_pages
