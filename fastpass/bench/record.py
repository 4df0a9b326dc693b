"""The record every benchmark writes: what was measured, where, with which command."""

from __future__ import annotations

import datetime
import json
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fastpass.common.files import write_file
from fastpass.common.machine import describe_machine
from fastpass.common.outputs import mark_of

KIND = "bench"  # of output; see fastpass.common.outputs


def is_ours(name: str) -> bool:
    """Whether a row is fastpass's."""
    return name.startswith("fastpass")


def summarize(samples: Sequence[float]) -> dict[str, object]:
    """Median, 5th and 95th percentile (linear interpolation) of repeated measurements."""
    low, middle, high = np.percentile(samples, [5, 50, 95])
    return {
        "median": round(float(middle), 3),
        "p5": round(float(low), 3),
        "p95": round(float(high), 3),
        "samples": [round(float(sample), 3) for sample in samples],
    }


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over the repeats of above / below in the same repeat."""
    return round(statistics.median(a / b for a, b in zip(above, below, strict=True)), 3)


def make_record(name: str, command: str, body: dict[str, object]) -> dict[str, object]:
    """``body`` (JSON-ready) with machine, commit, command and time in front."""
    return {
        "written_by": mark_of(KIND),
        "benchmark": name,
        "command": command,
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        **body,
    }


def write_json(record: dict[str, object], path: Path) -> Path:
    """Write the record and return its path; its folder is made. Raises WriteFailed."""
    return write_file(path, json.dumps(record, indent=2) + "\n")
