"""A training run that may die: python -m support.killed_run JOB.json, in a process of its own.

It hands out batches for ``num_epochs`` epochs, writes a record and the loader's state after each,
and kills itself without any farewell after batch ``die_after`` (None: lives on).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastpass as fp
from support.view_hashes import BatchRecord, batch_record

RECIPE = fp.recipes.dino(global_size=16, local_size=16, num_local_crops=1)


def write_whole(path: Path, text: str) -> None:
    """All or nothing, as a checkpoint is written."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)


def train(
    job: dict[str, Any],
    *,
    die_after: int | None = None,
    die: Callable[[list[BatchRecord]], None] = lambda records: None,
) -> list[BatchRecord]:
    """The records of the batches from the saved state (if there is one) to the last epoch's end.

    After batch ``die_after`` of this call ``die(records)`` is called, in the middle of the loop;
    where it returns, the loader is dropped as it is.
    """
    state_path = Path(job["state"])
    records: list[BatchRecord] = []
    loader = fp.Loader(job["source"], RECIPE, **job["options"])
    if state_path.exists():
        loader.load_state_dict(json.loads(state_path.read_text()))
    while loader.epoch < job["num_epochs"]:
        for batch in loader:
            records.append(batch_record(batch))
            write_whole(state_path, json.dumps(loader.state_dict()))
            if len(records) == die_after:
                die(records)
                return records
    return records


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())

    def write(records: list[BatchRecord]) -> None:
        write_whole(Path(job["records"]), json.dumps(records))

    def die(records: list[BatchRecord]) -> None:
        write(records)
        os.kill(os.getpid(), signal.SIGKILL)

    write(train(job, die_after=job["die_after"], die=die))


if __name__ == "__main__":
    main()
