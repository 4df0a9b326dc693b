"""A program of ours that gets Ctrl-C at a chosen moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def interrupted(
    words: Sequence[object], seconds: float, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run Python with ``words``, and interrupt its process group, as a terminal does.

    The interrupt comes ``seconds`` after the first moment at which the program takes interrupts;
    before that Python itself is starting. A program that has ended by then gets none.
    """
    process = subprocess.Popen(
        [sys.executable, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )
    while process.poll() is None and not _takes_interrupts(process.pid):
        time.sleep(0.001)
    try:
        out, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess(words, process.returncode, out, errors)


def _takes_interrupts(pid: int) -> bool:
    """Python catches SIGINT from its start; the other signal of ours it does not."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    caught = int(lines.get("SigCgt", "0"), 16)
    return all(caught >> (number - 1) & 1 for number in (signal.SIGALRM, signal.SIGINT))
