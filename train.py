"""Train an encoder without labels: deepspeed train.py --config configs/dino_demo.toml ...

Works under the launchers ``deepspeed`` and ``torchrun`` and as plain ``python train.py`` alike.
Exit code: 0 done, 1 the data or the run failed or was stopped by a signal (with a checkpoint),
2 wrong usage or configuration.
"""

from __future__ import annotations

import argparse
import os
import sys

from fastpass.errors import ConfigError, FastpassError


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", required=True, metavar="FILE.toml", help="see configs/")
    parser.add_argument("--data", required=True, help="folder, tar or glob ('shards/*.tar')")
    parser.add_argument(
        "--output", required=True, metavar="DIR", help="for the log and checkpoints"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    parser.add_argument("--local_rank", type=int, help=argparse.SUPPRESS)  # deepspeed adds it
    parser.add_argument("overrides", nargs="*", metavar="section.key=value")
    return parser.parse_intermixed_args()


def main() -> int:
    arguments = parse_arguments()
    rank = os.environ.get("RANK", "0")
    try:
        from fastpass.train.read_config import read_config
        from fastpass.train.run import train

        config = read_config(arguments.config, arguments.overrides)
        is_done = train(config, arguments.data, arguments.output, should_resume=arguments.resume)
    except FastpassError as error:
        print(f"train.py (rank {rank}): {type(error).__name__}: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    if rank == "0":
        end = "done" if is_done else "stopped by a signal; --resume goes on from here"
        print(f"{arguments.output}: {end}", file=sys.stderr)
    return 0 if is_done else 1


if __name__ == "__main__":
    sys.exit(main())
