"""The log of a training run, log.jsonl: a JSON object per line, each with its step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastpass.errors import ReadFailed

LOG_NAME = "log.jsonl"


def read_run_log(path: Path) -> list[dict[str, Any]]:
    """The records of ``path``, oldest first; values that are no numbers are kept as they are.

    A run that was killed may leave half a line at the end, which is left out. Raises ReadFailed,
    with the file and the line, for whatever else is no record.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ReadFailed(f"cannot read {path}: {error.strerror or error}") from error
    is_last_whole = lines[-1] == b""
    if is_last_whole:
        lines.pop()
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(_record(line))
        except ValueError as error:  # of JSON and of UTF-8 too
            if number == len(lines) and not is_last_whole:
                break
            raise ReadFailed(
                f"{path}, line {number} is no record of a run ({error}): remove the line, or give "
                "the folder of another run"
            ) from error
    if not is_last_whole and len(records) == len(lines):
        records.pop()  # whole by chance: its writer adds the end of the line with it
    return records


def _record(line: bytes) -> dict[str, Any]:
    record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError(f"wanted a JSON object, found a {type(record).__name__}")
    step = record.get("step")
    if isinstance(step, bool) or not isinstance(step, int | float):
        raise ValueError('it has no number "step"')
    return record
