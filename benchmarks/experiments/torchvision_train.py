"""train.py with torchvision's views: python -m benchmarks.torchvision_train ...

Takes the arguments of train.py and trains with the same code; only the loader is another one.
"""

from __future__ import annotations

import sys

from benchmarks.torchvision_loader import open_torchvision_data

from fastpass.train.read_config import read_config
from fastpass.train.run import train
from train import parse_arguments


def main() -> int:
    arguments = parse_arguments()
    config = read_config(arguments.config, arguments.overrides)
    is_done = train(config, arguments.data, arguments.output, open_data=open_torchvision_data)
    return 0 if is_done else 1


if __name__ == "__main__":
    sys.exit(main())
