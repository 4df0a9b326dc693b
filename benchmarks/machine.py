"""Where the records of the benchmarks go: ``benchmarks/results/NAME.json``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from fastpass.bench.record import make_record, summarize, write_json

__all__ = ["RESULTS", "output_option", "summarize", "write_record"]

RESULTS = Path(__file__).with_name("results")

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="[results/NAME.json]"
)


def write_record(name: str, body: dict[str, object], path: Path | None = None) -> Path:
    """Write ``body`` with machine, commit, command and time as JSON and return the path."""
    arguments = " ".join(shlex.quote(argument) for argument in sys.argv[1:])
    command = f"python -m benchmarks.{name} {arguments}".strip()
    return write_json(make_record(name, command, body), path or RESULTS / f"{name}.json")
