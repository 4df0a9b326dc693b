"""Ctrl-C is never swallowed, whenever it comes; nothing is imported inside an iteration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.pictures import image_folder

# What a process imports, it imports once: every interrupt gets a process of its own, forked from
# one that has imported what a user's script would have, and nothing more.
_INTERRUPTED = """
import os, signal, sys, time
import torch
import fastpass as fp
fp.Loader, fp.recipes

def interrupt(signum, frame):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
swallowed = []
delays = [0.010 * n / 200 for n in range(200)] + [0.010 + 0.030 * n / 60 for n in range(60)]
for number, delay in enumerate(delays):
    child = os.fork()
    if child == 0:
        loader = fp.Loader(sys.argv[1], fp.recipes.rrc(size=8), batch_size=6, threads=1,
                           order=("random", "quasi_random")[number % 2])
        end = time.monotonic() + 2
        try:
            signal.setitimer(signal.ITIMER_REAL, max(delay, 1e-6))
            while time.monotonic() < end:
                for batch in loader:
                    pass
        except KeyboardInterrupt:
            os._exit(0)
        os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        swallowed.append(delay)
print(swallowed)
"""


def test_interrupts_in_the_first_milliseconds(tmp_path: Path) -> None:
    """200 in the first ten, and some up to 40, where a busy machine still starts an epoch."""
    root = image_folder(tmp_path / "root", per_class=4)
    result = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, str(root)], capture_output=True, text=True, timeout=500
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == "[]\n"


_IMPORTED = """
import sys, fastpass as fp
options = eval(sys.argv[2])
recipe = fp.recipes.dino(global_size=16, local_size=8)
with fp.Loader(sys.argv[1], recipe, batch_size=5, **options) as loader:
    loader.set_epoch(1)
    before = set(sys.modules)
    for epoch in range(2):
        for batch in loader:
            batch.to("cpu"), loader.state_dict(), loader.skipped
    loader.load_state_dict(loader.state_dict())
    str(loader.stats())
    print(sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"order": "quasi_random", "reads": "pread"},
        {"dtype": "bfloat16", "memory_format": "channels_last"},
        {"drop_last": False, "shuffle": False, "mode": "exact"},
        {"rank": 1, "world_size": 2, "weights": [1] * 24},
    ],
    ids=str,
)
def test_nothing_is_imported_inside_an_iteration(
    tmp_path: Path, options: dict[str, object]
) -> None:
    """A module's first lines may clear a KeyboardInterrupt: Cython's do, in numpy.random."""
    root = image_folder(tmp_path / "root")
    result = subprocess.run(
        [sys.executable, "-c", _IMPORTED, str(root), repr(options)], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == "[]\n"
