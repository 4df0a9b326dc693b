"""DALI pipelines on the CPU over given bytes, with our operators enabled."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

dali = pytest.importorskip("nvidia.dali", reason="NVIDIA DALI is not installed")

CACHE = Path(__file__).parents[2] / "build" / "cache"


def enabled() -> Any:
    """The module fastpass.feed.dali after enable(); the plug-in stays in build/ from run to run."""
    from fastpass.feed import dali as ours

    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(CACHE)
    try:
        ours.enable()
    finally:
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before
    return ours


def arrays(files: Sequence[bytes]) -> list[np.ndarray[Any, Any]]:
    return [np.frombuffer(file, np.uint8) for file in files]


def bytes_node(files: Sequence[bytes]) -> Any:
    """What gives these bytes to a pipeline, batch after batch."""
    return dali.fn.external_source(lambda: arrays(files), dtype=dali.types.UINT8, ndim=1)


def ids_node(ids: Sequence[int]) -> Any:
    values = np.array(ids, np.int64)
    return dali.fn.external_source(lambda: list(values), dtype=dali.types.INT64, ndim=0)


def pipeline(
    define: Callable[[], Any], *, batch_size: int, threads: int = 2, **options: Any
) -> Any:
    """A built pipeline of what ``define`` returns."""
    given = {"num_threads": threads, "device_id": None, **options}
    made = dali.Pipeline(batch_size=batch_size, **given)
    with made:
        nodes = define()
        made.set_outputs(*(nodes if isinstance(nodes, list | tuple) else [nodes]))
    made.build()
    return made


def outputs(made: Any) -> list[list[np.ndarray[Any, Any]]]:
    """[output][sample] of the next batch, copied."""
    return [[np.array(output.at(sample)) for sample in range(len(output))] for output in made.run()]
