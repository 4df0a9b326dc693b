"""What a run shows on the terminal while it trains."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """One live line on a terminal, nothing elsewhere."""

    def __init__(self, num_steps: int, first_step: int, *, is_enabled: bool) -> None:
        self._bar: Any = None
        if is_enabled and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("training"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task("", total=num_steps, completed=first_step)
            self._bar.start()

    def update(self, step: int, text: str | None = None) -> None:
        if self._bar is not None:
            fields = {} if text is None else {"description": text}
            self._bar.update(self._task, completed=step, **fields)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
