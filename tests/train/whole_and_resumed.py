"""Two runs on the fake loader: whole_and_resumed.py WHOLE RESUMED STEP CONFIG [override ...].

WHOLE runs without a break; RESUMED goes on from its checkpoint of STEP. Run by torchrun.
"""

from __future__ import annotations

import sys
from pathlib import Path

import launched
import tiny_method  # noqa: F401 (registers itself)
from fake_data import open_fake_data

from fastpass.train.engine import ranks
from fastpass.train.read_config import read_config
from fastpass.train.run import train


def main(whole: Path, resumed: Path, step: int, config_file: str, *overrides: str) -> None:
    config = read_config(config_file, overrides)
    assert train(config, "0", whole, open_data=open_fake_data)
    ranks.on_first_rank(lambda: launched.back_to(step, whole, resumed))
    assert train(config, "0", resumed, should_resume=True, open_data=open_fake_data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
