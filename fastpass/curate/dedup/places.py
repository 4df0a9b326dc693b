"""The folder of a run: its files, and the lock on it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastpass.common.outputs import claim_folder
from fastpass.errors import ConfigError, WriteFailed

OUTPUTS = (
    "hashes.parquet",
    "pairs.parquet",
    "clusters.parquet",
    "against.parquet",
    "keep.txt",
    "keep-files.txt",
    "report.html",
)


@dataclass(frozen=True)
class Places:
    """The files of a run, below the output folder."""

    output: Path

    @property
    def work(self) -> Path:
        """What makes a run that was killed go on; kept, for the next one over the same files."""
        return self.output / "work"

    @contextmanager
    def held(self) -> Iterator[None]:
        """The folders are there, and ours until the end; what a killed run left half is gone.

        Raises WriteFailed (WouldOverwrite: files of others have our names); ConfigError where
        another run is at work in them.
        """
        with claim_folder(self.output, [*OUTPUTS, "work"]), self._locked():
            self._remove_half_written()
            try:
                yield
            finally:
                self._remove_half_written()  # of workers that were ended

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            lock = (self.work / "lock").open("w")
        except OSError as error:
            raise WriteFailed(f"cannot write {self.work}: {error.strerror or error}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # gone with us, however we end
            except OSError as error:
                raise ConfigError(f"another run is at work in {self.output}") from error
            yield

    def _remove_half_written(self) -> None:
        ours = [p for name in OUTPUTS for p in self.output.glob(f".{name}*.partial")]
        for path in (*self.work.glob(".*.partial"), *ours):
            path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what earlier runs have left to go on from. Raises WriteFailed."""
        try:
            for path in self.work.iterdir():
                if path.name not in ("lock", "plan.json"):
                    path.unlink()
        except OSError as error:
            raise WriteFailed(f"cannot remove {path}: {error.strerror or error}") from error

    def part(self, name: str, index: int) -> Path:
        return self.work / f"{name}-{index:06d}.parquet"
