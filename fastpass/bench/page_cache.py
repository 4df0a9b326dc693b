"""Files out of the page cache, for measuring a cold start; and how much of them is still in it."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def evict(paths: Iterable[Path]) -> float:
    """Ask the system to drop the files' pages; the share of pages still resident, 0 to 1.

    POSIX_FADV_DONTNEED on clean pages. A file system in memory (tmpfs) keeps all of them: 1.0.
    """
    resident = total = 0
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)  # only clean pages can be dropped
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            found = _resident_pages(descriptor)
        finally:
            os.close(descriptor)
        resident, total = resident + found[0], total + found[1]
    return resident / total if total else 0.0


def _resident_pages(descriptor: int) -> tuple[int, int]:
    """(pages in memory, pages of the file), by mincore."""
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
