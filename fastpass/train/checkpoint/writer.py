"""Writing checkpoints: complete or absent, never half-written (``folder.py``: what is in one)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from fastpass.common.files import sync_folder, sync_tree, write_file
from fastpass.errors import WriteFailed
from fastpass.train.checkpoint.folder import (
    FORMAT,
    LATEST,
    PARTIAL,
    STATE,
    STEP_NAME,
    crc32_of,
    rank_file,
    step_name,
)
from fastpass.train.checkpoint.state import sealed


class CheckpointWriter:
    """Writes the checkpoints of one run; but for ``add_rank``, only rank 0 calls it."""

    def __init__(self, run: Path, keep: int) -> None:
        self._root = run / "checkpoints"
        self._keep = keep

    def partial_folder(self, step: int) -> Path:
        """Where the files of step ``step`` go until ``publish``; the same on all ranks."""
        return self._root / f"{step_name(step)}{PARTIAL}"

    def begin(self, step: int) -> None:
        """Make an empty partial folder."""
        folder = self.partial_folder(step)
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        except OSError as error:
            raise WriteFailed(f"cannot create {folder}: {error.strerror}") from error

    def add_rank(self, step: int, rank: int, tensors: Mapping[str, Tensor]) -> None:
        """Write what belongs to ``rank`` alone, if anything does. Raises WriteFailed."""
        from safetensors import SafetensorError

        path = self.partial_folder(step) / rank_file(rank)
        try:
            if tensors:
                _save(tensors, path)
        except (OSError, SafetensorError) as error:
            raise WriteFailed(f"cannot write {path}: {error}") from error

    def publish(
        self,
        step: int,
        tensors: Mapping[str, Mapping[str, Tensor]],
        state: dict[str, Any],
        *,
        wanted: Sequence[str] = (),
    ) -> None:
        """Add ``tensors`` (per file name) and ``state``, then make the checkpoint the latest.

        Raises WriteFailed, also where one of the files ``wanted`` of the ranks is not there.
        """
        from safetensors import SafetensorError

        partial = self.partial_folder(step)
        final = partial.with_suffix("")
        missing = [name for name in wanted if not (partial / name).is_file()]
        if missing:
            raise WriteFailed(
                f"the checkpoint {final} would lack {', '.join(missing)}: the processes that write "
                "them have another folder there. --output must be on a disk that all machines share"
            )
        try:
            for name, values in tensors.items():
                _save(values, partial / name)
            files = {
                str(path.relative_to(partial)): (path.stat().st_size, crc32_of(path))
                for path in sorted(partial.rglob("*"))
                if path.is_file()
            }
            whole = sealed({"format": FORMAT, "step": step, **state, "files": files})
            (partial / STATE).write_text(json.dumps(whole, indent=1), encoding="utf-8")
            sync_tree(partial)
            if final.exists():  # of a crash before it was pointed to, or of a later run
                _remove(final)
            partial.rename(final)
            sync_folder(self._root)
            write_file(self._root / LATEST, final.name + "\n")
        except (OSError, SafetensorError) as error:
            raise WriteFailed(f"cannot write the checkpoint {final}: {error}") from error
        self._remove_old(final)

    def _remove_old(self, newest: Path) -> None:
        complete = [path for path in self._root.iterdir() if STEP_NAME.fullmatch(path.name)]
        older = sorted(path for path in complete if path < newest)
        for path in older[: len(older) - (self._keep - 1)]:
            _remove(path)
        for path in self._root.glob(f"step-*{PARTIAL}"):
            if STEP_NAME.fullmatch(path.name.partition(".")[0]):
                shutil.rmtree(path, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Renamed first: a crash in between leaves no folder that looks complete."""
    old = folder.with_name(f"{folder.name}.old{PARTIAL}")  # beside the one being written
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    shutil.rmtree(old, ignore_errors=True)


def _save(tensors: Mapping[str, Tensor], path: Path) -> None:
    from safetensors.torch import save_file

    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path)
