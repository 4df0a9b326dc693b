"""This process among its peers: rank, world size, and a fair share of the processors."""

from __future__ import annotations

import os
import sys

from fastpass._native import core
from fastpass.errors import BadArgument


def rank_and_world_size(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """What the caller gave, else torch.distributed if it runs, else RANK and WORLD_SIZE."""
    if (rank is None) != (world_size is None):
        raise BadArgument("give rank and world_size together, or neither")
    if rank is None or world_size is None:
        rank, world_size = _from_surroundings()
    if not 0 <= rank < world_size:
        raise BadArgument(f"rank is {rank}, wanted 0 to {world_size - 1} (world_size {world_size})")
    return rank, world_size


def _from_surroundings() -> tuple[int, int]:
    # Not imported here: when nobody has imported it, nobody has initialized it.
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def fair_share_of_processors() -> int:
    """Processors this process may use, divided by the ranks on this machine; at least 1."""
    # torchrun and DeepSpeed name the number of ranks on a machine differently.
    local = os.environ.get("LOCAL_WORLD_SIZE") or os.environ.get("LOCAL_SIZE") or "1"
    return max(1, int(core.available_processors()) // int(local))
