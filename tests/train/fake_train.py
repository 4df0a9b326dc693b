"""train.py with the fake loader: run by the real launchers in tests."""

import functools
import runpy
import sys
from pathlib import Path

import fake_data
import tiny_method  # noqa: F401 (registers itself)

from fastpass.train import run

run.train = functools.partial(run.train, open_data=fake_data.open_fake_data)
sys.argv[0] = str(Path(__file__).parents[2] / "train.py")
runpy.run_path(sys.argv[0], run_name="__main__")
