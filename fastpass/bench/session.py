"""What a measurement lives in: a scratch folder; and where its record goes."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from fastpass.bench.record import KIND, make_record, write_json
from fastpass.common.outputs import claim_file

FILE_WIDTH = 150  # characters


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """A folder in ``parent`` (None: where temporary files go) that vanishes at the end."""
    with tempfile.TemporaryDirectory(prefix="fastpass-bench-", dir=parent) as folder:
        yield Path(folder)


def wide_console(*, stderr: bool = False) -> Any:
    """A rich console; in a file or a pipe, lines long enough for our tables."""
    from rich.console import Console

    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, width=None if is_terminal else FILE_WIDTH)


@dataclass(frozen=True)
class Delivery:
    """What becomes of a record: where its files go, and whether stdout gets JSON or a table."""

    source: str
    output: Path | None
    force: bool
    as_json: bool

    def files(self, stage: str) -> tuple[Path, Path] | None:
        """Of the record and of its plot; None where none are wanted. Raises WouldOverwrite."""
        if self.output is None:
            return None
        paths = (self.output / f"bench-{stage}.json", self.output / f"bench-{stage}.png")
        for path in paths:
            claim_file(path, KIND, inputs=[self.source], force=self.force)
        return paths


def deliver(
    stage: str,
    measure: Callable[[], dict[str, Any]],
    delivery: Delivery,
    print_table: Callable[[Any, dict[str, Any]], None],
    plot: Callable[[dict[str, Any], Path], Path],
) -> None:
    """Measure; then the table (or the JSON) on stdout, and the record and the plot as files."""
    files = delivery.files(stage)
    body = measure()
    arguments = " ".join(shlex.quote(argument) for argument in sys.argv[1:])
    record = make_record(stage, f"fastpass {arguments}".strip(), body)
    if delivery.as_json:
        click.echo(json.dumps(record, indent=2))
    else:
        print_table(wide_console(), body)
    if files is not None:
        for path in (write_json(record, files[0]), plot(body, files[1])):
            click.echo(path, err=delivery.as_json)
