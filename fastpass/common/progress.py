"""How far a long command has come: a bar on a terminal, now and then a line elsewhere.

It goes to standard error; standard output belongs to the results.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnProgress = Callable[[str, int, int], None]
"""Gets what is going on, steps done, and steps in all (0: not known)."""

SECONDS_BEFORE_LINES, SECONDS_BETWEEN_LINES = 2.0, 10.0


def no_progress(what: str, done: int, total: int) -> None:
    """An ``OnProgress`` that tells nobody."""


@contextmanager
def shown_progress(*, is_shown: bool = True) -> Iterator[OnProgress]:
    """A function to be called at every step; cheap enough for thousands of calls a second."""
    if not is_shown:
        yield no_progress
    elif sys.stderr.isatty():
        with _bar() as on_progress:
            yield on_progress
    else:
        with _Lines() as on_progress:
            yield on_progress


@contextmanager
def _bar() -> Iterator[OnProgress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=None)
        done_before, total_before = 0, -1

        def on_progress(what: str, done: int, total: int) -> None:
            nonlocal done_before, total_before
            if total != total_before or done < done_before:  # something else: its own speed
                progress.reset(task, total=total or None, completed=done)
            done_before, total_before = done, total
            progress.update(task, description=what, completed=done)

        yield on_progress


class _Lines:
    """Nothing for commands that end at once; of the others a line now and then.

    A thread prints them, so that a step of minutes does not look like a program that hangs.
    """

    def __init__(self) -> None:
        self._latest = ("working", 0, 0)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._print_lines, daemon=True)

    def __enter__(self) -> _Lines:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()

    def __call__(self, what: str, done: int, total: int) -> None:
        self._latest = (what, done, total)

    def _print_lines(self) -> None:
        seconds = SECONDS_BEFORE_LINES
        while not self._is_over.wait(seconds):
            what, done, total = self._latest
            count = f": {done} of {total}" if total else f": {done}" if done else ""
            try:
                print(f"{what}{count}", file=sys.stderr, flush=True)
            except (OSError, ValueError):  # nobody reads any more
                return
            seconds = SECONDS_BETWEEN_LINES
