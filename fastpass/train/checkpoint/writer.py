"""Writing checkpoints: complete or absent, never half-written (``folder.py``: what is in one)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from fastpass.common.files import sync_tree, write_file
from fastpass.errors import WriteFailed
from fastpass.train.checkpoint.folder import FORMAT, LATEST, PARTIAL, STATE, crc32_of, rank_file


class CheckpointWriter:
    """Writes the checkpoints of one run; but for ``add_rank``, only rank 0 calls it."""

    def __init__(self, run: Path, keep: int) -> None:
        self._root = run / "checkpoints"
        self._keep = keep

    def partial_folder(self, step: int) -> Path:
        """Where the files of step ``step`` go until ``publish``; the same on all ranks."""
        return self._root / f"step-{step:08d}{PARTIAL}"

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
        self, step: int, tensors: Mapping[str, Mapping[str, Tensor]], state: dict[str, Any]
    ) -> Path:
        """Add ``tensors`` (per file name) and ``state``, then make the checkpoint the latest."""
        from safetensors import SafetensorError

        partial = self.partial_folder(step)
        final = partial.with_suffix("")
        try:
            for name, values in tensors.items():
                _save(values, partial / name)
            files = {
                str(path.relative_to(partial)): (path.stat().st_size, crc32_of(path))
                for path in sorted(partial.rglob("*"))
                if path.is_file()
            }
            text = json.dumps({"format": FORMAT, "step": step, **state, "files": files}, indent=1)
            (partial / STATE).write_text(text, encoding="utf-8")
            sync_tree(partial)
            shutil.rmtree(final, ignore_errors=True)  # left by a crash before it was pointed to
            partial.rename(final)
            write_file(self._root / LATEST, final.name + "\n")
        except (OSError, SafetensorError) as error:
            raise WriteFailed(f"cannot write the checkpoint {final}: {error}") from error
        self._remove_old(final)
        return final

    def _remove_old(self, newest: Path) -> None:
        complete = sorted(p for p in self._root.glob("step-*") if p.suffix != PARTIAL)
        outdated = [path for path in complete if path < newest][: -(self._keep - 1) or None]
        for path in outdated:  # renamed first: a crash leaves no folder that looks complete
            path.rename(path.with_name(path.name + PARTIAL))
        for path in self._root.glob(f"step-*{PARTIAL}"):
            shutil.rmtree(path, ignore_errors=True)


def _save(tensors: Mapping[str, Tensor], path: Path) -> None:
    from safetensors.torch import save_file

    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path)
