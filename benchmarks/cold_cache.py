"""Files out of the page cache, and the proof that they are: for measurements that start cold.

    evict(paths) -> share of their bytes that is still in memory

Linux only. No privilege is needed, but pages that any process has mapped stay: close packs and
loaders first. File systems that live in memory (tmpfs) keep everything.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

_PAGE = mmap.PAGESIZE


def resident_fraction(paths: Iterable[Path]) -> float:
    """Share of the files' pages that is in memory (mincore); 0 for files without bytes."""
    counts = [_count_pages(path) for path in paths]
    total = sum(pages for _, pages in counts)
    return sum(resident for resident, _ in counts) / total if total else 0.0


def evict(paths: Iterable[Path]) -> float:
    """Drop the files from the page cache, and return what :func:`resident_fraction` says then."""
    files = list(paths)
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)  # a page that is not yet on disk cannot be dropped
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return resident_fraction(files)


def _count_pages(path: Path) -> tuple[int, int]:
    """(pages in memory, pages) of one file."""
    num_bytes = path.stat().st_size
    if num_bytes == 0:
        return 0, 0
    libc = ctypes.CDLL(None, use_errno=True)
    num_pages = -(-num_bytes // _PAGE)
    states = (ctypes.c_ubyte * num_pages)()
    with path.open("rb") as file:
        # Copy-on-write, as ctypes takes addresses of writable buffers only; nothing is written.
        mapping = mmap.mmap(file.fileno(), num_bytes, access=mmap.ACCESS_COPY)
    with mapping:
        first = ctypes.c_char.from_buffer(mapping)
        failed = libc.mincore(
            ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(num_bytes), states
        )
        del first  # a mapping that is still pointed into cannot be closed
    if failed:
        error = ctypes.get_errno()
        raise OSError(error, f"mincore: {os.strerror(error)}", str(path))
    return sum(state & 1 for state in states), num_pages
