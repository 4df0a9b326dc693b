"""This process among its peers: rank, world size, and a fair share of the processors."""

from __future__ import annotations

import os
import sys

from fastpass.common.checks import require_integer
from fastpass.common.processors import available_processors
from fastpass.errors import BadArgument


def rank_and_world_size(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """What the caller gave, else torch.distributed if it runs, else RANK and WORLD_SIZE."""
    if (rank is None) != (world_size is None):
        raise BadArgument("give rank and world_size together, or neither")
    if rank is None or world_size is None:
        rank, world_size = _from_surroundings()
    world_size = require_integer("world_size", world_size, 1, 2**20)
    return require_integer("rank", rank, 0, world_size - 1), world_size


def _from_surroundings() -> tuple[int, int]:
    # Not imported here: when nobody has imported it, nobody has initialized it.
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return _environment_integer("RANK", 0), _environment_integer("WORLD_SIZE", 1)


def _environment_integer(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        raise BadArgument(f"the environment says {name}={text!r}, wanted a number")
    return int(text)


def fair_share_of_processors() -> int:
    """Processors this process may use, divided by the ranks on this machine; at least 1."""
    # torchrun and DeepSpeed name the number of ranks on a machine differently.
    name = "LOCAL_WORLD_SIZE" if os.environ.get("LOCAL_WORLD_SIZE") else "LOCAL_SIZE"
    local = max(1, _environment_integer(name, 1))
    return max(1, available_processors() // local)
