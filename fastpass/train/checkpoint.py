"""Checkpoints on disk: complete or absent, never half-written.

``<run>/checkpoints/step-00000120/`` holds DeepSpeed's files (``deepspeed/``: student, optimizer),
``teacher.safetensors`` and ``student.safetensors`` (backbones under timm's own names, readable
without DeepSpeed), ``resume.safetensors`` (teacher head, center) and ``state.json``, written last
inside the folder: everything else as plain JSON, with size and CRC-32 of each other file.
``<run>/checkpoints/latest`` names the newest complete folder. A checkpoint is first written as
``*.partial``, renamed, and only then pointed to.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from fastpass.common.files import sync_tree, write_file
from fastpass.errors import BadCheckpoint, WriteFailed

FORMAT = 1
STATE, LATEST, PARTIAL = "state.json", "latest", ".partial"
TEACHER, STUDENT, RESUME = "teacher.safetensors", "student.safetensors", "resume.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint that was found on disk."""

    folder: Path
    state: dict[str, Any]

    @property
    def step(self) -> int:
        return int(self.state["step"])

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of one of its safetensors files, on the CPU. Raises BadCheckpoint."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(self.folder / name)
        except (OSError, SafetensorError) as error:
            raise BadCheckpoint(f"{self.folder / name} cannot be read: {error}") from error

    def verify(self) -> None:
        """Compare every file with the sizes and checksums in the state. Raises BadCheckpoint."""
        for name, (num_bytes, crc) in self.state["files"].items():
            path = self.folder / name
            if not path.is_file():
                raise BadCheckpoint(f"{path} is missing; {_advice(self.folder)}")
            if path.stat().st_size != num_bytes or _crc32(path) != crc:
                raise BadCheckpoint(f"{path} is damaged; {_advice(self.folder)}")


def find_checkpoint(path: str | Path) -> Checkpoint:
    """The newest checkpoint of a run's folder, or the one that ``path`` itself is.

    Raises BadCheckpoint when there is none or its state cannot be read.
    """
    path = Path(path)
    folder = path if (path / STATE).is_file() else _pointed_to(path)
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadCheckpoint(f"{folder / STATE}: {error}; {_advice(folder)}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        found = state.get("format") if isinstance(state, dict) else None
        raise BadCheckpoint(f"{folder}: format {found!r}, this version reads {FORMAT}")
    return Checkpoint(folder, state)


def kept_checkpoints(run: str | Path) -> list[Checkpoint]:
    """All complete checkpoints of a run's folder, oldest first. Raises BadCheckpoint."""
    newest = find_checkpoint(run)
    folders = sorted(newest.folder.parent.glob("step-*"))
    return [find_checkpoint(folder) for folder in folders if folder.suffix != PARTIAL]


def has_checkpoint(run: Path) -> bool:
    return (run / "checkpoints" / LATEST).exists()


class CheckpointWriter:
    """Writes the checkpoints of one run; only rank 0 calls it, DeepSpeed's files excepted."""

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

    def publish(
        self, step: int, tensors: Mapping[str, Mapping[str, Tensor]], state: dict[str, Any]
    ) -> Path:
        """Add ``tensors`` (per file name) and ``state``, then make the checkpoint the latest."""
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        partial = self.partial_folder(step)
        final = partial.with_suffix("")
        try:
            for name, values in tensors.items():
                save_file(
                    {k: v.detach().cpu().contiguous() for k, v in values.items()}, partial / name
                )
            files = {
                str(path.relative_to(partial)): (path.stat().st_size, _crc32(path))
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


def _pointed_to(run: Path) -> Path:
    pointer = run / "checkpoints" / LATEST
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadCheckpoint(
            f"no checkpoint in {run}: {pointer} cannot be read ({error.strerror}); "
            "give the --output folder of a training run"
        ) from error
    folder = pointer.parent / name
    if not name or Path(name).name != name or not folder.is_dir():
        raise BadCheckpoint(f"{pointer} names {name!r}, which is not there; {_advice(folder)}")
    return folder


def _advice(folder: Path) -> str:
    return f"to go back, write the name of an older folder into {folder.parent / LATEST}"


def _crc32(path: Path) -> int:
    crc = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 22):
            crc = zlib.crc32(chunk, crc)
    return crc
