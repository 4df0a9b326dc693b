"""Checkpoints on disk: complete or absent, never half-written.

``<run>/checkpoints/step-00000120/`` holds DeepSpeed's files (``deepspeed/``: student, optimizer),
``teacher.safetensors`` and ``student.safetensors`` (backbones under timm's own names, readable
without DeepSpeed), ``resume.safetensors`` (the rest of the method: DINO's teacher head and center),
``rank-*.safetensors`` (what differs between ranks, if anything does) and ``state.json``, written
last inside the folder: everything else as plain JSON, with size and CRC-32 of each other file, and
a CRC-32 of its own.
``<run>/checkpoints/latest`` names the newest complete folder. A checkpoint is first written as
``*.partial``, renamed, and only then pointed to.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from fastpass.errors import BadCheckpoint
from fastpass.train.checkpoint.state import Part, ReadableState, faults_of, is_whole

FORMAT = 1
STATE, LATEST, PARTIAL = "state.json", "latest", ".partial"
STEP_NAME = re.compile(r"step-\d{8,}")
TEACHER, STUDENT, RESUME = "teacher.safetensors", "student.safetensors", "resume.safetensors"


def step_name(step: int) -> str:
    """The folder of the checkpoint of ``step``."""
    return f"step-{step:08d}"


def encoder_file(name: str) -> str:
    """The file of the encoder that a method calls ``name``."""
    return f"{name}.safetensors"


def rank_file(rank: int) -> str:
    """The file of what belongs to ``rank`` alone; most methods have none."""
    return f"rank-{rank:05d}.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint that was found on disk; its state has what every reader needs."""

    folder: Path
    state: dict[str, Any]

    @property
    def step(self) -> int:
        return int(self.state["step"])

    def require(self, wanted: type[Part]) -> None:
        """Raises BadCheckpoint naming what the state lacks of ``wanted``."""
        faults = faults_of(self.state, wanted)
        if faults:
            raise BadCheckpoint(
                f"{self.folder / STATE}: {', '.join(faults)} missing or of a wrong kind; "
                f"{_advice_without(self.folder)}"
            )

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of one of its safetensors files, on the CPU, as they were written.

        Raises BadCheckpoint where the file is missing or damaged.
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
        for name in self.state["files"] if names is None else names:
            self._verify(name)

    def _verify(self, name: str) -> None:
        if name not in self.state["files"]:
            raise BadCheckpoint(f"{self.folder} has no {name}: its method does not write one")
        path, (num_bytes, crc) = self.folder / name, self.state["files"][name]
        advice = _advice_without(self.folder)
        try:
            is_whole = path.stat().st_size == num_bytes and crc32_of(path) == crc
        except FileNotFoundError as error:
            raise BadCheckpoint(f"{path} is missing; {advice}") from error
        except OSError as error:
            raise BadCheckpoint(f"{path} cannot be read ({error.strerror}); {advice}") from error
        if not is_whole:
            raise BadCheckpoint(f"{path} is damaged; {advice}")


def find_checkpoint(path: str | Path) -> Checkpoint:
    """The newest checkpoint of a run's folder, or the one that ``path`` itself is.

    Raises BadCheckpoint when there is none or its state cannot be read.
    """
    path = Path(path)
    folder = path if (path / STATE).is_file() else _pointed_to(path)
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadCheckpoint(
            f"{folder / STATE} cannot be read ({error}); {_advice_without(folder)}"
        ) from error
    found = state.get("format") if isinstance(state, dict) else None
    if found != FORMAT:
        raise BadCheckpoint(f"{folder / STATE}: format {found!r}, this version reads {FORMAT}")
    checkpoint = Checkpoint(folder, state)
    checkpoint.require(ReadableState)
    is_another = STEP_NAME.fullmatch(folder.name) and folder.name != step_name(checkpoint.step)
    if is_another or not is_whole(state):
        raise BadCheckpoint(f"{folder / STATE} is damaged; {_advice_without(folder)}")
    return checkpoint


def kept_checkpoints(run: str | Path) -> list[Checkpoint]:
    """All complete checkpoints of a run's folder, oldest first. Raises BadCheckpoint."""
    newest = find_checkpoint(run)
    return [find_checkpoint(folder) for folder in step_folders(_run_of(newest.folder))]


def has_checkpoint(run: Path) -> bool:
    """Whether a checkpoint is pointed to; ``find_checkpoint`` says whether it is good."""
    return os.path.lexists(run / "checkpoints" / LATEST)


def step_folders(run: Path) -> list[Path]:
    """The folders of complete checkpoints, oldest first, without what a crash left of others."""
    folders = (run / "checkpoints").glob("step-*")
    return sorted(f for f in folders if STEP_NAME.fullmatch(f.name) and (f / STATE).is_file())


def _pointed_to(run: Path) -> Path:
    pointer = run / "checkpoints" / LATEST
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadCheckpoint(
            f"no checkpoint in {run}: {pointer} cannot be read ({error.strerror}); "
            "give the --output folder of a training run"
        ) from error
    except UnicodeDecodeError as error:
        raise BadCheckpoint(f"{pointer} is not text; {_advice(run)}") from error
    if not name:
        raise BadCheckpoint(f"{pointer} is empty; {_advice(run)}")
    if not STEP_NAME.fullmatch(name) or not (pointer.parent / name).is_dir():
        raise BadCheckpoint(f"{pointer} names {name[:80]!r}, which is not there; {_advice(run)}")
    return pointer.parent / name


def _run_of(folder: Path) -> Path:
    return folder.absolute().parent.parent


def _advice_without(folder: Path) -> str:
    """What to do when the checkpoint in ``folder`` is no good."""
    return _advice(_run_of(folder), folder.name)


def _advice(run: Path, bad: str = "") -> str:
    names = [folder.name for folder in step_folders(run) if folder.name != bad]
    if not names:
        return f"no other checkpoint is left in {run / 'checkpoints'}"
    return (
        f"to go back, write the name of another one into {run / 'checkpoints' / LATEST} "
        f"({', '.join(names)} {'is' if len(names) == 1 else 'are'} there)"
    )


def crc32_of(path: Path) -> int:
    crc = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 22):
            crc = zlib.crc32(chunk, crc)
    return crc
