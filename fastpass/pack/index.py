"""The sidecar index ``X.tar.fpi``: made once, mapped by every reader after that."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from fastpass._native import core
from fastpass.common.checks import require_integer
from fastpass.common.processors import available_processors
from fastpass.errors import WouldOverwrite, WriteFailed
from fastpass.pack.found import LAYOUT_NAMES
from fastpass.pack.sources import PathLike

MAX_THREADS = 1024
MAGIC = b"\x89FPI\r\n\x1a\n"  # an index begins with it


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What was found in one tar."""

    tar: str
    index: str  # path of the file that was written
    index_bytes: int
    layout: str  # "webdataset", "pass", "image_folder" or "folder"
    num_samples: int
    num_unreadable: int  # samples whose image header is damaged; they are indexed all the same
    num_seek_indexes: int  # JPEGs that decoding may start inside of
    num_ignored: int  # files in the tar that are no part of any sample, hidden ones too
    num_classes: int = 0  # class folders
    skipped_files: dict[str, int] = field(default_factory=dict)  # by reason, as Pack has them


def build_index(
    tar: PathLike,
    *,
    seek_index: bool = True,
    threads: int | None = None,
    index_dir: PathLike | None = None,
) -> IndexReport:
    """Write ``<tar>.fpi`` beside ``tar`` (replacing an old one in one step); the tar is only read.

    With ``seek_index``, every JPEG is read through once and gets its seek index (at most 2 % of
    its bytes), on ``threads`` threads (default: every processor this process may use); without,
    only headers are read. The file is the same for any number of threads. ``index_dir``: a folder
    for the index, for tars on storage that cannot be written to; give it to ``Pack`` too.

    The format is described in docs/format.md. Raises ``BadPack`` when the tar is damaged,
    ``WouldOverwrite`` when ``<tar>.fpi`` is no index, ``ReadFailed`` and ``WriteFailed`` when the
    system refuses; then no new file is left behind.
    """
    path = os.fspath(tar)
    threads = available_processors() if threads is None else threads
    threads = require_integer("threads", threads, 1, MAX_THREADS)
    index = path + ".fpi" if index_dir is None else _path_in(index_dir, path)
    if os.path.lexists(index) and not is_index(Path(index)):
        raise WouldOverwrite(
            f"{index} is no index of fastpass, and would be replaced by one: move it away"
        )
    if index_dir is not None:
        try:
            Path(index).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteFailed(f"cannot write {index!r}: {error.strerror}") from error
    try:
        found = core.write_index(
            os.fsencode(path),
            os.fsencode(index),
            with_seek_index=bool(seek_index),
            num_threads=threads,
        )
    except WriteFailed as error:
        if index_dir is not None:
            raise
        raise WriteFailed(f"{error}; index_dir= or --index-dir puts it elsewhere") from error
    return IndexReport(
        tar=path,
        index=index,
        index_bytes=found["index_bytes"],
        layout=LAYOUT_NAMES[found["layout"]],
        num_samples=found["num_samples"],
        num_unreadable=found["num_unreadable"],
        num_seek_indexes=found["num_seek_indexes"],
        num_ignored=found["num_ignored"],
        num_classes=found["num_classes"],
        skipped_files={reason: count for reason, count, _ in found["left_out"]},
    )


def is_index(path: Path) -> bool:
    """Whether a file begins as indexes do, or is empty: it may be made again at any time."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) in (MAGIC, b"")
    except OSError:
        return False


def index_path(tar: str, index_dir: PathLike | None) -> str:
    """Where the index of a tar is: in ``index_dir`` if there is one for it, else beside it."""
    if index_dir is not None and os.path.exists(_path_in(index_dir, tar)):
        return _path_in(index_dir, tar)
    return tar + ".fpi"


def _path_in(index_dir: PathLike, tar: str) -> str:
    # The whole path: shards of different folders may have the same name.
    return os.path.join(os.fspath(index_dir), os.path.abspath(tar).lstrip("/") + ".fpi")
