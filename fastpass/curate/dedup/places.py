"""The folder of a run: its files, the lock on it, and the plan by which a later run goes on."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastpass.common.files import write_file
from fastpass.common.outputs import claim_folder
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.search import CodeFile
from fastpass.errors import BadPack, ConfigError, WriteFailed
from fastpass.pack import Pack

OUTPUTS = (
    "hashes.parquet",
    "pairs.parquet",
    "clusters.parquet",
    "against.parquet",
    "keep.txt",
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
            for path in (*self.work.glob(".*.partial"), *self._half_written()):
                path.unlink(missing_ok=True)
            yield

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

    def _half_written(self) -> list[Path]:
        return [p for name in OUTPUTS for p in self.output.glob(f".{name}*.partial")]

    def part(self, name: str, index: int) -> Path:
        return self.work / f"{name}-{index:06d}.parquet"


def check_plan(
    places: Places,
    source: str | list[str],
    against: str | list[str] | None,
    known: CodeFile | None,
    options: DedupOptions,
) -> int:
    """The plan of the run whose work lies here, else this one's; returns the index's size then."""
    with Pack(as_list(source)) as pack:
        wanted: dict[str, Any] = {"version": 1, "source": pack.fingerprint, "against": None}
    if against is not None:
        with Pack(as_list(against)) as pack:
            wanted["against"] = pack.fingerprint
    wanted["index"] = None if known is None else str(known.path.resolve())
    wanted["options"] = options.what_matters()
    path = places.work / "plan.json"
    if path.exists():
        try:
            found = json.loads(path.read_text())
            size: int = found.pop("index_size")
        except (ValueError, KeyError, OSError) as error:
            raise BadPack(f"{path} is damaged: remove {places.work}") from error
        different = [name for name in wanted if found.get(name) != wanted[name]]
        if different:
            raise ConfigError(
                f"{places.output} holds a run with another {', '.join(different)}: choose another "
                "folder, or remove it"
            )
        return size
    size = 0 if known is None else len(known)
    write_file(path, json.dumps({**wanted, "index_size": size}, indent=2))
    return size


def as_list(source: str | list[str]) -> list[str]:
    return [str(source)] if isinstance(source, str | Path) else [str(path) for path in source]
