"""What a run leaves while it trains: one JSON line per log step, and TensorBoard events."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastpass.common.files import write_file
from fastpass.common.run_log import LOG_NAME, read_run_log
from fastpass.errors import FastpassError, WriteFailed


class RunLog:
    """Writes ``log.jsonl`` and TensorBoard events; only rank 0 has one.

    ``first_step``: the step a run resumes at; older lines stay, later ones (of the interrupted
    run, repeated now) are dropped.
    """

    def __init__(self, output: Path, *, first_step: int, has_tensorboard: bool) -> None:
        self._path = output / LOG_NAME
        self._writer: Any = None
        try:
            _drop_lines_after(self._path, first_step)
            self._file = open(self._path, "a", encoding="utf-8")  # noqa: SIM115 (kept open)
            if has_tensorboard:
                from torch.utils.tensorboard import SummaryWriter

                self._writer = SummaryWriter(str(output / "tensorboard"), purge_step=first_step + 1)
        except FastpassError:
            raise
        except OSError as error:
            raise WriteFailed(f"cannot write the log {self._path}: {error.strerror}") from error

    def write(self, record: dict[str, Any]) -> None:
        """Append one line; numbers keep all their digits, so that runs can be compared exactly."""
        try:
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
        except OSError as error:
            raise WriteFailed(f"cannot write the log {self._path}: {error.strerror}") from error
        if self._writer is not None:
            for name, value in record.items():
                if name != "step" and isinstance(value, int | float):
                    self._writer.add_scalar(f"train/{name}", value, record["step"])

    def warn(self, step: int, problem: str) -> None:
        """Tell the user on standard error."""
        with suppress(OSError):  # nobody reads any more
            print(f"step {step}: {problem}", file=sys.stderr, flush=True)

    def close(self) -> None:
        self._file.close()
        if self._writer is not None:
            self._writer.close()


def read_log(output: str | Path) -> list[dict[str, Any]]:
    """All records of a run's log, oldest first. Raises ReadFailed."""
    return read_run_log(Path(output) / LOG_NAME)


def _drop_lines_after(path: Path, step: int) -> None:
    if not path.exists():
        return
    kept = [record for record in read_log(path.parent) if record["step"] <= step]
    write_file(path, "".join(json.dumps(record) + "\n" for record in kept))
