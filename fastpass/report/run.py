"""What a run directory says: its log, its k-NN results, its commands."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """records: the finite numbers of the log's lines, in order. commands: what was typed, one per
    entry. problems: what went wrong, as the log has it, one sentence each.
    """

    folder: Path
    records: tuple[dict[str, float], ...]
    knn: tuple[KnnResult, ...]
    commands: tuple[str, ...]
    problems: tuple[str, ...] = ()

    def series(self, name: str) -> tuple[list[float], list[float]]:
        """(steps, values) of one field of the log; both empty when it was never logged."""
        points = [(r["step"], r[name]) for r in self.records if name in r and "step" in r]
        return [step for step, _ in points], [value for _, value in points]

    def median(self, name: str) -> float | None:
        """Median over the log, without its first line (start-up), None when never logged."""
        values = self.series(name)[1]
        return statistics.median(values[1:] or values) if values else None


def read_run(folder: str | Path) -> Run:
    """Read ``log.jsonl`` and ``knn*.json`` (of ``folder`` or ``folder/train``), ``commands.txt``.

    Every ``knn*.json`` is what ``fastpass evaluate knn`` wrote. Raises ReadFailed.
    """
    root = Path(folder)
    candidates = [place / LOG_NAME for place in _places(root)]
    log = next((path for path in candidates if path.is_file()), None)
    if log is None:
        raise ReadFailed(
            f"no training log in {root}: wanted {' or '.join(map(str, candidates))}; give the "
            "--output folder of train.py"
        )
    records = read_run_log(log)
    if not records:
        raise ReadFailed(f"{log} has no complete line yet; train for at least one log step")
    commands = root / COMMANDS_NAME
    return Run(
        folder=root,
        records=tuple(map(_finite, records)),
        knn=_read_knn(_knn_files(root)),
        commands=tuple(_lines(commands)) if commands.is_file() else (),
        problems=tuple(_problems(records)),
    )


def _places(root: Path) -> list[Path]:
    """Where the files of a run may lie: in its folder, or in that of its training."""
    return [root, root / "train"]


def _knn_files(root: Path) -> list[Path]:
    return [path for place in _places(root) for path in sorted(place.glob("knn*.json"))]


def inputs_of(folder: str | Path) -> list[Path]:
    """The files that ``read_run`` reads where they are there."""
    root = Path(folder)
    logs = [place / LOG_NAME for place in _places(root)]
    return [*logs, *_knn_files(root), root / COMMANDS_NAME]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape").splitlines()
    except OSError as error:
        raise ReadFailed(f"cannot read {path}: {error.strerror or error}") from error


def _finite(record: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in record.items() if _is_number(value, True)}


def _is_number(value: object, is_finite: bool) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) == is_finite  # type: ignore[arg-type]


def _problems(records: Sequence[dict[str, Any]]) -> list[str]:
    """What the run said of its end, and of every number that is none the first time."""
    found, seen = [], set()
    for record in records:
        step = record["step"]
        if "problem" in record:
            found.append(f"Step {step}: training has broken down: {record['problem']}.")
        for name, value in record.items():
            if _is_number(value, False) and name not in seen:
                seen.add(name)
                found.append(f"Step {step}: {name} is {value}, no finite number.")
    return found


def _read_knn(paths: list[Path]) -> tuple[KnnResult, ...]:
    """All results of all files, each kind of features once, the trained ones first."""
    found: dict[str, dict[int, float]] = {}
    for path in paths:
        try:
            for row in json.loads(path.read_text(encoding="utf-8"))["results"]:
                found.setdefault(row["features"], {})[int(row["step"])] = float(row["top1"])
        except OSError as error:
            raise ReadFailed(f"cannot read {path}: {error.strerror or error}") from error
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
