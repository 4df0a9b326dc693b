"""A folder that a command fills: with all of its files, or with none of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fastpass.common.files import sync_folder, sync_tree
from fastpass.common.interrupts import unfinished
from fastpass.common.outputs import RECORD, PathLike, foreign_names, record_outputs
from fastpass.errors import FastpassError, WouldOverwrite, WriteFailed


@contextmanager
def filled_folder(
    target: PathLike, *, force: bool, is_ours: Callable[[Path], bool] = lambda path: False
) -> Iterator[Path]:
    """A hidden folder whose files become those of ``target`` when the block ends well.

    On any exception it vanishes, and ``target`` is as it was. ``force``: ``target`` may hold files
    that its record says fastpass wrote, and they are replaced, all of them. ``is_ours``: of other
    files there, which are known to be ours as well.

    Raises:
        WouldOverwrite: ``target`` has other content. WriteFailed, also for an OSError of the block.
    """
    target = Path(os.path.abspath(target))
    staging = target.parent / f".{target.name}.partial-{os.getpid()}"
    try:
        if target.exists():
            _replaced(target, force, is_ours)
            staging = target / f".partial-{os.getpid()}"
        elif not target.parent.exists():
            target.parent.mkdir(parents=True)
        shutil.rmtree(staging, ignore_errors=True)  # of a killed process that had our id
        with unfinished(staging):
            staging.mkdir()
            yield staging
            _publish(staging, target, force, is_ours)
    except FastpassError:
        raise
    except OSError as error:
        raise WriteFailed(f"cannot write '{target}': {error.strerror or error}") from error


def _replaced(target: Path, force: bool, is_ours: Callable[[Path], bool]) -> list[str]:
    """The names in ``target`` that are to go. Raises WouldOverwrite."""
    names = sorted(name for name in os.listdir(target) if not name.startswith("."))
    if names and not force:
        raise WouldOverwrite(f"'{target}' is not empty: choose another folder, or --force")
    foreign = [name for name in foreign_names(target, names) if not is_ours(target / name)]
    if foreign:
        raise WouldOverwrite(
            f"'{target}' holds '{foreign[0]}', which fastpass did not write, or which was changed "
            "since: --force replaces nothing else. Move it away, or choose another folder"
        )
    return names


def _publish(staging: Path, target: Path, force: bool, is_ours: Callable[[Path], bool]) -> None:
    names = sorted(os.listdir(staging))
    record_outputs(staging, names)
    sync_tree(staging)
    if not target.exists():
        staging.rename(target)
        sync_folder(target.parent)
        return
    replaced = _replaced(target, force, is_ours)  # again: the work took its time
    record_outputs(target, names, are_written=False)  # ours, should we be killed from here on
    for name in replaced:
        if name not in names:
            (target / name).unlink()
    for name in [*names, RECORD]:  # a tar before its index: in between, readers say StalePack
        (staging / name).replace(target / name)
    sync_folder(target)
