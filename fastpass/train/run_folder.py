"""The folder of a run: whether this run may write there, and where it goes on from."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastpass.common.outputs import record_outputs, refuse_foreign
from fastpass.common.run_log import LOG_NAME
from fastpass.errors import BadArgument, WriteFailed
from fastpass.train.checkpoint.folder import (
    Checkpoint,
    find_checkpoint,
    has_checkpoint,
    step_folders,
)
from fastpass.train.checkpoint.lock import held_folder, sees_word
from fastpass.train.engine import ranks

CONFIG_NAME = "config.json"
OUTPUTS = (CONFIG_NAME, LOG_NAME, "tensorboard", "checkpoints")


@contextmanager
def opened_folder(output: Path, *, should_resume: bool) -> Iterator[Checkpoint | None]:
    """Hold ``output`` for this run; yields the checkpoint to go on from, None for the beginning.

    To be entered by all ranks. Raises BadArgument where a run without ``should_resume`` would
    replace another one, BadCheckpoint, FolderInUse, WouldOverwrite, and WriteFailed where the
    ranks do not share the folder.
    """
    with _held_by_first_rank(output) as word:
        ranks.together(lambda: _refuse_other_disk(output, word))
        checkpoint = ranks.together(lambda: _start(output, should_resume))
        yield checkpoint


@contextmanager
def _held_by_first_rank(output: Path) -> Iterator[str]:
    """Rank 0 holds the lock; every rank gets its word."""
    lock = held_folder(output)
    words: list[str] = []
    ranks.on_first_rank(lambda: words.append(lock.__enter__()))
    try:
        yield ranks.gather_objects(words)[0][0]
    finally:
        if words:
            lock.__exit__(None, None, None)


def _refuse_other_disk(output: Path, word: str) -> None:
    if not sees_word(output, word):
        raise WriteFailed(
            f"{output} on {socket.gethostname()} (rank {ranks.rank()}) is not the folder that "
            "rank 0 has there: every process writes its part of a checkpoint, so --output must be "
            "on a disk that all machines share"
        )


def _start(output: Path, should_resume: bool) -> Checkpoint | None:
    if has_checkpoint(output):
        if not should_resume:
            raise _holds_a_run(output)
        return find_checkpoint(output)
    folders = step_folders(output)
    if folders:
        raise BadArgument(
            f"{output}/checkpoints has {', '.join(f.name for f in folders)}, but no file 'latest' "
            f"that says which one counts. To go on, write {folders[-1].name} into "
            f"{output}/checkpoints/latest and give --resume; else choose another --output"
        )
    if (output / LOG_NAME).exists() and not should_resume:
        raise _holds_a_run(output)
    refuse_foreign(output, OUTPUTS)
    if should_resume and ranks.rank() == 0:
        print(
            f"{output} holds no checkpoint yet: this run starts from the beginning",
            file=sys.stderr,
            flush=True,
        )
    return None


def _holds_a_run(output: Path) -> BadArgument:
    return BadArgument(
        f"{output} already holds a run: add --resume to go on with it, or choose another --output"
    )


def claim_outputs(output: Path) -> None:
    """Note that the files of a run are ours. Raises WriteFailed."""
    record_outputs(output, OUTPUTS, are_written=False)
