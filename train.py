"""Train an encoder without labels: deepspeed train.py --config configs/dino_demo.toml ...

Works under the launchers ``deepspeed``, ``torchrun``, ``srun`` and ``mpirun``, and as plain
``python train.py`` alike.
Exit code: 0 done, 1 the data or the run failed or was stopped by a signal (with a checkpoint),
2 wrong usage or configuration, 130 Ctrl-C before or after the training steps.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress

from fastpass.common.interrupts import one_line_interrupts
from fastpass.errors import ConfigError, FastpassError, OtherProcessFailed


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", required=True, metavar="FILE.toml", help="see configs/")
    parser.add_argument("--data", required=True, help="folder, tar or glob ('shards/*.tar')")
    parser.add_argument(
        "--output", required=True, metavar="DIR", help="for the log and checkpoints"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest checkpoint, or begin where there is none yet",
    )
    parser.add_argument("--local_rank", type=int, help=argparse.SUPPRESS)  # deepspeed adds it
    parser.add_argument("overrides", nargs="*", metavar="section.key=value")
    return parser.parse_intermixed_args()


def say(text: str) -> None:
    """On standard error; nobody may be reading any more."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def forget_unread_output() -> None:
    """Drop what nobody reads any more; Python would end with exit code 120 because of it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def main() -> int:
    arguments = parse_arguments()
    try:
        from fastpass.train.engine import ranks
        from fastpass.train.engine.launch import find_place
        from fastpass.train.read_config import read_config
        from fastpass.train.run import train
    except ImportError as error:
        say(f"train.py: MissingBackend: {error}: pip install 'fastpass[train]'")
        return 1
    rank = 0
    try:
        rank = find_place().rank
        config = read_config(arguments.config, arguments.overrides)
        is_done = train(config, arguments.data, arguments.output, should_resume=arguments.resume)
    except OtherProcessFailed as error:
        if not ranks.is_reported():
            say(f"train.py (rank {rank}): {error}")
        return 1
    except FastpassError as error:
        # What is wrong before the processes meet is wrong in all of them: one says so.
        if ranks.world_size() > 1 or rank == 0:
            say(f"train.py (rank {rank}): {type(error).__name__}: {error}")
        ranks.note_report()
        return 2 if isinstance(error, ConfigError) else 1
    if rank == 0:
        end = "done" if is_done else "stopped early, with a checkpoint; --resume goes on from there"
        say(f"{arguments.output}: {end}")
    return 0 if is_done else 1


def interrupted_line() -> str:
    rank = f" (rank {os.environ['RANK']})" if "RANK" in os.environ else ""
    return (
        f"train.py{rank}: interrupted; --resume goes on from the newest checkpoint, if there is one"
    )


if __name__ == "__main__":
    # While the training loop runs, it takes interrupts itself, and ends with a checkpoint.
    with one_line_interrupts(interrupted_line()):
        code = main()
        forget_unread_output()
        sys.exit(code)
