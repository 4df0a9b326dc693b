"""Whether the launcher of this process still lives.

A signal may end a launcher and spare its processes: ``deepspeed`` starts a second program that
starts the processes, and SIGTERM ends the first one alone. They would go on as orphans, and write
into the folder of the run that takes their place.
"""

from __future__ import annotations

import os
from pathlib import Path


class LauncherWatch:
    """Made at the start of a process; ``is_gone`` is cheap enough for every step."""

    def __init__(self) -> None:
        self._parent = self._grandparent = 0  # 0: not watched
        parent = os.getppid()
        is_deepspeed = "deepspeed.launcher.launch" in _command(parent)
        if is_deepspeed or "TORCHELASTIC_RUN_ID" in os.environ:
            self._parent = parent
        if is_deepspeed:
            self._grandparent = _parent_of(parent)
        self.returns_early = is_deepspeed  # at Ctrl-C, before its processes have ended

    def is_gone(self) -> bool:
        if self._parent and os.getppid() != self._parent:
            return True
        return bool(self._grandparent) and _parent_of(self._parent) != self._grandparent


def _command(pid: int) -> list[str]:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
    return [word.decode(errors="replace") for word in words]


def _parent_of(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])
