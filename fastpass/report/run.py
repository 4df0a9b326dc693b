"""What a run directory says: its log, its k-NN results, its commands."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path

from fastpass.common.run_log import LOG_NAME, read_run_log
from fastpass.errors import ReadFailed

COMMANDS_NAME = "commands.txt"
# How the page calls the kinds of features of ``fastpass evaluate knn``, in its order.
KNN_NAMES = {
    "teacher": "trained",
    "student": "trained (student)",
    "untrained": "untrained",
    "pixels": "raw pixels",
}


@dataclass(frozen=True)
class KnnResult:
    """name: whose features ("trained", "untrained", "raw pixels", ...). top1: percent.

    curve: (step, top1) of that network during training, the last one included.
    """

    name: str
    top1: float
    curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Run:
    """records: the log's lines in order. commands: what was typed, one per entry."""

    folder: Path
    records: tuple[dict[str, float], ...]
    knn: tuple[KnnResult, ...]
    commands: tuple[str, ...]

    def series(self, name: str) -> tuple[list[float], list[float]]:
        """(steps, values) of one field of the log; both empty when it was never logged."""
        points = [(r["step"], r[name]) for r in self.records if name in r and "step" in r]
        return [step for step, _ in points], [value for _, value in points]

    def median(self, name: str) -> float | None:
        """Median over the log, without its first line (start-up), None when never logged."""
        values = self.series(name)[1]
        return statistics.median(values[1:] or values) if values else None


def read_run(folder: str | Path) -> Run:
    """Read ``folder/log.jsonl`` (or ``folder/train/log.jsonl``), ``knn*.json``, ``commands.txt``.

    Every ``knn*.json`` is what ``fastpass evaluate knn`` wrote. Raises ReadFailed.
    """
    root = Path(folder)
    candidates = [root / LOG_NAME, root / "train" / LOG_NAME]
    log = next((path for path in candidates if path.is_file()), None)
    if log is None:
        raise ReadFailed(
            f"no training log in {root}: wanted {candidates[0]} or {candidates[1]}; give the "
            "--output folder of train.py"
        )
    commands = root / COMMANDS_NAME
    return Run(
        folder=root,
        records=tuple(_read_log(log)),
        knn=_read_knn(sorted(root.glob("knn*.json"))),
        commands=tuple(commands.read_text().splitlines()) if commands.is_file() else (),
    )


def inputs_of(folder: str | Path) -> list[Path]:
    """The files that ``read_run`` reads where they are there."""
    root = Path(folder)
    logs = [root / LOG_NAME, root / "train" / LOG_NAME]
    return [*logs, *root.glob("knn*.json"), root / COMMANDS_NAME]


def _read_log(path: Path) -> list[dict[str, float]]:
    """Records with their finite numbers; at least one."""
    records = [
        {
            name: float(value)
            for name, value in record.items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        for record in read_run_log(path)
    ]
    if not records:
        raise ReadFailed(f"{path} has no complete line yet; train for at least one log step")
    return records


def _read_knn(paths: list[Path]) -> tuple[KnnResult, ...]:
    """All results of all files, each kind of features once, the trained ones first."""
    found: dict[str, dict[int, float]] = {}
    for path in paths:
        try:
            for row in json.loads(path.read_text(encoding="utf-8"))["results"]:
                found.setdefault(row["features"], {})[int(row["step"])] = float(row["top1"])
        except (ValueError, KeyError, TypeError) as error:
            raise ReadFailed(
                f"{path} is not the JSON of `fastpass evaluate knn` "
                f"({type(error).__name__}: {error}); write it again"
            ) from error
    results = []
    for kind in sorted(found, key=lambda kind: (*KNN_NAMES, kind).index(kind)):
        curve = tuple(sorted(found[kind].items()))
        results.append(KnnResult(KNN_NAMES.get(kind, kind), curve[-1][1], curve))
    return tuple(results)
