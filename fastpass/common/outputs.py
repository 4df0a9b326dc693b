"""What a command may replace: one rule for all of them, so that nothing of the user's is ever lost.

A command writes where nothing is, or over what fastpass wrote there itself. Everything else is
refused by name, before any work is done:

- A single file (``claim_file``) is ours when it carries our mark, or when the user says so with
  ``--force``; but what the command reads is never replaced.
- In a folder (``claim_folder``), a record says which files fastpass wrote, with a digest of each:
  what somebody has put in their place, or changed since, is not ours any more. ``--force`` has no
  power over it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fastpass.common.files import write_file
from fastpass.errors import ReadFailed, WouldOverwrite

RECORD = ".fastpass-outputs.json"
PathLike = str | os.PathLike[str]

_HEAD_BYTES = 1 << 16
_SAMPLE_BYTES, _NUM_SAMPLES = 1 << 16, 16  # of large files, spread evenly, the ends included
# How the mark of a file stands in HTML, in JSON (safetensors too) and in PNG.
_CARRIERS = '(?:name="generator" content="|"written_by": ?"|Software\0)'


def mark_of(kind: str) -> str:
    """What stands in a file of ours, as its generator: "fastpass report"."""
    return f"fastpass {kind}"


def claim_file(
    path: PathLike, kind: str, *, inputs: Sequence[PathLike] = (), force: bool = False
) -> None:
    """Refuse an output file that would replace something of the user's.

    Args:
        path: what is to be written. Nothing there, a device, and a file with the mark of ``kind``
            pass.
        inputs: files and folders that the command reads. An input itself is never replaced, and of
            what lies in such a folder only what carries the mark.
        force: replace a file without the mark.

    Raises:
        WouldOverwrite.
    """
    if not os.path.isfile(path):
        return
    refuse_inputs(path, inputs)
    if _has_mark(Path(path), kind):
        return
    if any(os.path.isdir(given) and _is_below(path, given) for given in inputs):
        raise WouldOverwrite(
            f"{os.fspath(path)} is in a folder that the command reads, and no {kind} of fastpass: "
            "choose another output"
        )
    if not force:
        raise WouldOverwrite(
            f"{os.fspath(path)} is there already, and no {kind} of fastpass: choose another "
            "output, or replace it with --force"
        )


def refuse_inputs(path: PathLike, inputs: Sequence[PathLike]) -> None:
    """Raise WouldOverwrite where the file ``path`` is one that the command reads."""
    for given in inputs:
        if os.path.exists(path) and os.path.exists(given) and os.path.samefile(path, given):
            raise WouldOverwrite(
                f"{os.fspath(path)} is what the command reads, and it would be replaced: choose "
                "another output"
            )


def refuse_below(folder: PathLike, sources: Sequence[PathLike]) -> None:
    """Raise WouldOverwrite where ``folder`` would lie in a tree of images that the command reads:
    it would be part of what is there, a class more for example."""
    for source in sources:
        if os.path.isdir(source) and _is_below(folder, source):
            raise WouldOverwrite(
                f"{os.fspath(folder)} is inside of {os.fspath(source)}, which the command reads, "
                "and would be part of it from then on: choose another output"
            )


def _has_mark(path: Path, kind: str) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    return re.search((_CARRIERS + re.escape(mark_of(kind)) + "\\b").encode(), head) is not None


def _is_below(path: PathLike, folder: PathLike) -> bool:
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(path)).parents


@contextmanager
def claim_folder(
    folder: PathLike, names: Sequence[str], *, is_known: bool = False
) -> Iterator[None]:
    """In the block, files and folders called ``names`` may be written into ``folder``.

    The record says so before the first of them appears, and their digests when the block ends
    well; so files of a killed run are ours, too. The folder is made if it is not there.
    ``is_known``: that the folder is ours is known from elsewhere (runs of earlier versions).

    Raises:
        WouldOverwrite: one of ``names`` is there, and fastpass did not write it, or it was changed
            since. WriteFailed.
    """
    folder = Path(folder)
    if not is_known:
        refuse_foreign(folder, names)
    record_outputs(folder, names, are_written=False)
    yield
    record_outputs(folder, names)


def refuse_foreign(folder: PathLike, names: Sequence[str]) -> None:
    """Raise WouldOverwrite for the first of ``names`` in ``folder`` that fastpass did not write."""
    strange = foreign_names(folder, names)
    if strange:
        where = os.fspath(folder)
        raise WouldOverwrite(
            f"{os.path.join(where, strange[0])} would be replaced, but it was not written by "
            "fastpass, or was changed since: move it away, or choose another output folder"
        )


def foreign_names(folder: PathLike, names: Sequence[str] | None = None) -> list[str]:
    """Which of ``names`` (None: of everything visible) in ``folder`` fastpass did not write."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    if names is None:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    recorded = _read_record(folder)
    return [
        name
        for name in names
        if os.path.lexists(folder / name) and not _is_unchanged(folder / name, recorded)
    ]


def record_outputs(folder: PathLike, names: Sequence[str], *, are_written: bool = True) -> None:
    """Note in the record of ``folder`` that ``names`` are ours: now (``are_written``) or to come.

    Raises WriteFailed.
    """
    folder = Path(folder)
    files = _read_record(folder)
    for name in names:
        files[name] = _digest(folder / name) if are_written else None
        if are_written and not (folder / name).exists():
            del files[name]
    text = json.dumps({"written_by": "fastpass", "files": files}, indent=1, sort_keys=True)
    write_file(folder / RECORD, text + "\n")


def _read_record(folder: Path) -> dict[str, str | None]:
    """name -> digest, or None where any content is ours; empty where there is no good record."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        return dict(json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"])
    return {}


def _is_unchanged(path: Path, recorded: dict[str, str | None]) -> bool:
    if path.name not in recorded or path.is_symlink():
        return False
    wanted = recorded[path.name]
    return wanted is None or wanted == _digest(path)


def _digest(path: Path) -> str | None:
    """Of a file's length and of its bytes (of a large one, of samples); None for a folder."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return _digest_of(file)
    except OSError as error:
        raise ReadFailed(f"cannot read {path}: {error.strerror or error}") from error


def _digest_of(file: BinaryIO) -> str:
    num_bytes = os.fstat(file.fileno()).st_size
    state = hashlib.sha256(str(num_bytes).encode())
    last = num_bytes - _SAMPLE_BYTES
    if last <= _SAMPLE_BYTES * (_NUM_SAMPLES - 1):
        state.update(file.read())
    else:
        for i in range(_NUM_SAMPLES):
            file.seek(last * i // (_NUM_SAMPLES - 1))
            state.update(file.read(_SAMPLE_BYTES))
    return state.hexdigest()[:32]
