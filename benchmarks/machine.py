"""The record every benchmark writes: what was measured, where, with which command."""

from __future__ import annotations

import datetime
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fastpass.machine import describe_machine

RESULTS = Path(__file__).with_name("results")


def summarize(samples: Sequence[float]) -> dict[str, object]:
    """Median, 5th and 95th percentile (linear interpolation) of repeated measurements."""
    low, middle, high = np.percentile(samples, [5, 50, 95])
    return {
        "median": round(float(middle), 3),
        "p5": round(float(low), 3),
        "p95": round(float(high), 3),
        "samples": [round(float(sample), 3) for sample in samples],
    }


def write_record(name: str, body: dict[str, object], path: Path | None = None) -> Path:
    """Write ``body`` with machine, commit, command and time as JSON and return the path."""
    arguments = " ".join(shlex.quote(argument) for argument in sys.argv[1:])
    record = {
        "benchmark": name,
        "command": f"python -m benchmarks.{name} {arguments}".strip(),
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        **body,
    }
    target = path or RESULTS / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return target
