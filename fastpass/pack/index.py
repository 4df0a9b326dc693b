"""The sidecar index ``X.tar.fpi``: made once, mapped by every reader after that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from fastpass._native import core
from fastpass.common.checks import require_integer
from fastpass.errors import WouldOverwrite
from fastpass.pack.sources import PathLike

MAX_THREADS = 1024
MAGIC = b"\x89FPI\r\n\x1a\n"  # an index begins with it
LAYOUTS = {1: "webdataset", 2: "pass", 3: "class-folders", 4: "plain"}


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What was found in one tar."""

    tar: str
    index: str  # path of the file that was written
    index_bytes: int
    layout: str  # "webdataset", "pass", "class-folders" or "plain"
    num_samples: int
    num_unreadable: int  # samples whose image header is damaged; they are indexed all the same
    num_seek_indexes: int  # JPEGs that decoding may start inside of
    num_ignored: int  # files in the tar that are no part of any sample


def build_index(
    tar: PathLike, *, seek_index: bool = True, threads: int | None = None
) -> IndexReport:
    """Write ``<tar>.fpi`` beside ``tar`` (replacing an old one in one step); the tar is only read.

    With ``seek_index``, every JPEG is read through once and gets its seek index (at most 2 % of
    its bytes), on ``threads`` threads (default: every processor this process may use); without,
    only headers are read. The file is the same for any number of threads.

    The format is described in docs/format.md. Raises ``BadPack`` when the tar is damaged or a
    sample lacks its image, ``WouldOverwrite`` when ``<tar>.fpi`` is no index, ``ReadFailed`` and
    ``WriteFailed`` when the system refuses; then no new file is left behind.
    """
    path = os.fspath(tar)
    index = Path(path + ".fpi")
    if os.path.lexists(index) and not is_index(index):
        raise WouldOverwrite(
            f"{index} is no index of fastpass, and would be replaced by one: move it away"
        )
    threads = core.available_processors() if threads is None else threads
    require_integer("threads", threads, 1, MAX_THREADS)
    found = core.write_index(
        os.fsencode(path), with_seek_index=bool(seek_index), num_threads=threads
    )
    return IndexReport(
        tar=path,
        index=str(index),
        index_bytes=found["index_bytes"],
        layout=LAYOUTS[found["layout"]],
        num_samples=found["num_samples"],
        num_unreadable=found["num_unreadable"],
        num_seek_indexes=found["num_seek_indexes"],
        num_ignored=found["num_ignored"],
    )


def is_index(path: Path) -> bool:
    """Whether a file begins as indexes do: such a file may be made again at any time."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False
