"""What a measurement lives in: a scratch folder, a progress bar; and where its record goes."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from fastpass.errors import FastpassError

OnProgress = Callable[[str, int, int], None]  # what is going on, steps done, in all

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


@contextmanager
def progress_bar(console: Any) -> Iterator[OnProgress]:
    """On a terminal only."""
    from rich.progress import Progress

    with Progress(console=console, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("starting", total=None)

        def on_progress(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield on_progress


def run_or_refuse(measure: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """What ``measure(console)`` returns; a failure is one line and exit code 1."""
    try:
        return measure(wide_console(stderr=True))
    except (FastpassError, OSError) as error:  # OSError: no space for the photos, no such folder
        raise click.ClickException(str(error)) from error


def deliver(
    stage: str,
    body: dict[str, Any],
    output: Path | None,
    as_json: bool,
    print_table: Callable[[Any, dict[str, Any]], None],
    plot: Callable[[dict[str, Any], Path], Path],
) -> None:
    """The table (or the JSON) on stdout; with ``output``, the record and the plot as files."""
    from fastpass.bench.record import make_record, write_json

    arguments = " ".join(shlex.quote(argument) for argument in sys.argv[1:])
    record = make_record(stage, f"fastpass {arguments}".strip(), body)
    if as_json:
        click.echo(json.dumps(record, indent=2))
    else:
        print_table(wide_console(), body)
    if output is None:
        return
    try:
        written = [
            write_json(record, output / f"bench-{stage}.json"),
            plot(body, output / f"bench-{stage}.png"),
        ]
    except FastpassError as error:
        raise click.ClickException(str(error)) from error
    for path in written:
        click.echo(path, err=as_json)
