"""One run in a folder at a time: a lock that says whose it is, and that a dead run does not keep.

The lock is held by the kernel for as long as its process lives, however that ends. A process on
another machine is beyond the kernel's view on some file systems; so the holder also keeps changing
the file, and one that stands still for a minute is taken over.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastpass.errors import FolderInUse, WriteFailed

LOCK_NAME = ".run.lock"
SECONDS_BETWEEN_BEATS, SECONDS_TO_WATCH = 15.0, 60.0
SECONDS_TO_APPEAR = 30.0  # a new file, on another machine of the same network disk


@contextmanager
def held_folder(folder: Path) -> Iterator[str]:
    """Hold ``folder`` (made if it is missing) in the block; yields a word that no other run has.

    Raises FolderInUse naming host, process and start of the run that holds it; WriteFailed.
    """
    path = folder / LOCK_NAME
    descriptor = _opened(path)
    try:
        mine = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": _start_of(os.getpid()),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
            "word": secrets.token_hex(8),
        }
        ended = threading.Event()
        _write(path, descriptor, {**mine, "beat": 0})
        beats = threading.Thread(target=_beat, args=(path, descriptor, mine, ended), daemon=True)
        beats.start()
        try:
            yield str(mine["word"])
        finally:
            ended.set()
            beats.join()
            with contextlib.suppress(OSError):
                path.unlink()
    finally:
        os.close(descriptor)


def sees_word(folder: Path, word: str) -> bool:
    """Whether the lock in ``folder``, as this process sees it, is the one with ``word``."""
    deadline = time.monotonic() + SECONDS_TO_APPEAR
    while _read(folder / LOCK_NAME).get("word") != word:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _opened(path: Path) -> int:
    """A descriptor of the lock, held. Raises FolderInUse, WriteFailed."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise WriteFailed(f"cannot write {path}: {error.strerror}") from error
        try:
            _refuse_living(path, descriptor)
            # The run that had it may have removed it between our two calls.
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _refuse_living(path: Path, descriptor: int) -> None:
    """Take the kernel's lock, and look for signs of life where that does not reach."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_locked = True
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise _in_use(path, _read(path)) from None
        is_locked = False  # a file system without locks
    holder = _read(path)
    if not holder:
        return
    if holder.get("host") == socket.gethostname():
        is_alive = not is_locked and _start_of(holder.get("pid")) == holder.get("started")
    else:
        is_alive = _changes(path, holder)
    if is_alive:
        raise _in_use(path, holder)


def _changes(path: Path, before: dict[str, Any]) -> bool:
    """Whether somebody writes into the lock; takes up to a minute."""
    print(
        f"{path.parent} was held by {_who(before)}: watching for {SECONDS_TO_WATCH:.0f} seconds "
        "whether that run still lives",
        file=sys.stderr,
        flush=True,
    )
    deadline = time.monotonic() + SECONDS_TO_WATCH
    while time.monotonic() < deadline:
        time.sleep(min(1.0, SECONDS_TO_WATCH / 10))
        if _read(path) not in (before, {}):
            return True
    return False


def _in_use(path: Path, holder: dict[str, Any]) -> FolderInUse:
    return FolderInUse(
        f"{path.parent} is in use by a run that goes on: {_who(holder)}, since "
        f"{holder.get('since', '?')}. Stop it or wait for its end, or choose another --output. "
        "(Processes that should be one run need a launcher: torchrun, deepspeed, srun or mpirun)"
    )


def _who(holder: dict[str, Any]) -> str:
    return f"process {holder.get('pid', '?')} on {holder.get('host', '?')}"


def _beat(path: Path, descriptor: int, mine: dict[str, Any], ended: threading.Event) -> None:
    number = 0
    while not ended.wait(SECONDS_BETWEEN_BEATS):
        number += 1
        with contextlib.suppress(WriteFailed):  # a full disk: the kernel's lock remains
            _write(path, descriptor, {**mine, "beat": number})


def _write(path: Path, descriptor: int, content: dict[str, Any]) -> None:
    text = json.dumps(content).encode()
    try:
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))
        os.fsync(descriptor)
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error


def _read(path: Path) -> dict[str, Any]:
    """Empty where no run has left its name, or while one writes it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _start_of(pid: object) -> str | None:
    """When process ``pid`` began, in the kernel's own count; None where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]
