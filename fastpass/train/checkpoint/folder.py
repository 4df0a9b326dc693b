"""Checkpoints on disk: complete or absent, never half-written.

``<run>/checkpoints/step-00000120/`` holds DeepSpeed's files (``deepspeed/``: student, optimizer),
``teacher.safetensors`` and ``student.safetensors`` (backbones under timm's own names, readable
without DeepSpeed), ``resume.safetensors`` (the rest of the method: DINO's teacher head and center),
``rank-*.safetensors`` (what differs between ranks, if anything does) and ``state.json``, written
last inside the folder: everything else as plain JSON, with size and CRC-32 of each other file.
``<run>/checkpoints/latest`` names the newest complete folder. A checkpoint is first written as
``*.partial``, renamed, and only then pointed to.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from fastpass.errors import BadCheckpoint

FORMAT = 1
STATE, LATEST, PARTIAL = "state.json", "latest", ".partial"
TEACHER, STUDENT, RESUME = "teacher.safetensors", "student.safetensors", "resume.safetensors"


def encoder_file(name: str) -> str:
    """The file of the encoder that a method calls ``name``."""
    return f"{name}.safetensors"


def rank_file(rank: int) -> str:
    """The file of what belongs to ``rank`` alone; most methods have none."""
    return f"rank-{rank:05d}.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint that was found on disk."""

    folder: Path
    state: dict[str, Any]

    @property
    def step(self) -> int:
        return int(self.state["step"])

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of one of its safetensors files, on the CPU.

        Raises BadCheckpoint, also when the file is not as the state's checksum says.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        self.verify([name])
        try:
            return load_file(self.folder / name)
        except (OSError, SafetensorError) as error:
            raise BadCheckpoint(f"{self.folder / name} cannot be read: {error}") from error

    def verify(self, names: Sequence[str] | None = None) -> None:
        """Compare files (None: all) with their sizes and checksums in the state.

        Raises BadCheckpoint.
        """
        files = self.state["files"]
        for name in files if names is None else names:
            num_bytes, crc = files.get(name, (0, 0))
            path = self.folder / name
            if not path.is_file():
                raise BadCheckpoint(f"{path} is missing; {_advice(self.folder)}")
            if path.stat().st_size != num_bytes or crc32_of(path) != crc:
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
    return [
        find_checkpoint(folder)
        for folder in folders  # one without a state was being removed when its run crashed
        if folder.suffix != PARTIAL and (folder / STATE).is_file()
    ]


def has_checkpoint(run: Path) -> bool:
    return (run / "checkpoints" / LATEST).exists()


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


def crc32_of(path: Path) -> int:
    crc = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 22):
            crc = zlib.crc32(chunk, crc)
    return crc
