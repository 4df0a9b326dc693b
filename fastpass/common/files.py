"""Files that are there whole or not at all: a temporary file beside them, fsync, then a rename.

After a crash, a full disk, Ctrl-C or a power cut, the old content of a path or the new one is
found there, never a part. Every error of the operating system becomes a WriteFailed that names the
path.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fastpass.common.interrupts import unfinished
from fastpass.errors import FastpassError, WriteFailed

PARTIAL = ".partial"  # the end of the name of every temporary file

_numbers = itertools.count()


def write_file(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Make ``path`` hold ``content`` (text as UTF-8), and its folder where that is missing.

    Raises WriteFailed; the path is then as it was.
    """
    with written_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return Path(path)


@contextmanager
def written_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """An open binary file that appears at ``path`` when the block ends without an exception.

    Raises WriteFailed, also for an OSError of the block; the path is then as it was.
    """
    with written_path(path) as temporary, temporary.open("r+b") as file:
        yield file


@contextmanager
def written_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Like ``written_file``, for libraries that want a path: the temporary file, still empty.

    A link is followed: the file that it names is replaced. A device or a pipe (``/dev/null``) is
    yielded as it is.
    """
    target = Path(os.path.realpath(path))
    with named_failures(path):
        if _is_special(Path(path)):
            yield Path(path)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(target) as temporary:
            mode = stat.S_IMODE(temporary.stat().st_mode)  # what the umask leaves of 666
            yield temporary
            if stat.S_IMODE(temporary.stat().st_mode) != mode:  # of a library with its own mind
                temporary.chmod(mode)
            sync(temporary)
            temporary.replace(target)
        sync_folder(target.parent)


@contextmanager
def named_failures(path: str | os.PathLike[str]) -> Iterator[None]:
    """An OSError of the block becomes a WriteFailed that names ``path``."""
    try:
        yield
    except FastpassError:
        raise
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """An empty file beside ``target``, removed at the end where it still has this name."""
    name = f".{target.name[:48]}.{os.getpid()}-{next(_numbers)}{PARTIAL}"
    temporary = target.with_name(name)
    with unfinished(temporary):
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        temporary.open("wb").close()
        yield temporary


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def sync(path: Path) -> None:
    """Bring a file to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the file system can do that.

    Raises OSError.
    """
    try:
        sync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES):
            raise


def sync_tree(folder: Path) -> None:
    """Bring every file and folder below ``folder``, and itself, to the disk. Raises OSError."""
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            sync_folder(path)
        else:
            sync(path)
