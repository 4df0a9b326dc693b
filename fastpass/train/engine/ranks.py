"""What the processes of a run tell each other; everything also works in a single process."""

from __future__ import annotations

import os
import socket
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor


def describe_single_process() -> None:
    """Set the launcher's variables for a run started by plain ``python``."""
    if "RANK" in os.environ:
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ.update(
        RANK="0", LOCAL_RANK="0", WORLD_SIZE="1", LOCAL_WORLD_SIZE="1", LOCAL_SIZE="1",
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
    )  # fmt: skip


def local_world_size() -> int:
    """Processes on this machine, as torchrun (LOCAL_WORLD_SIZE) or DeepSpeed (LOCAL_SIZE) say."""
    value = os.environ.get("LOCAL_WORLD_SIZE") or os.environ.get("LOCAL_SIZE") or "1"
    return int(value)


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def barrier() -> None:
    if world_size() > 1:
        dist.barrier()


def sum_over_ranks(values: Tensor) -> Tensor:
    """Add up ``values`` of all ranks, in place."""
    if world_size() > 1:
        dist.all_reduce(values)
    return values


def mean_over_ranks(values: Tensor) -> Tensor:
    """Average ``values`` over all ranks, in place."""
    return sum_over_ranks(values).div_(world_size())


def gather_objects(value: Any) -> list[Any]:
    """``value`` of every rank, in rank order, on every rank (small picklable objects only)."""
    if world_size() == 1:
        return [value]
    gathered: list[Any] = [None] * world_size()
    dist.all_gather_object(gathered, value)
    return gathered


class Vote:
    """Any rank can raise its hand; all ranks learn of it in the same step.

    Uses a group of its own on the CPU, so that asking never waits for the GPU.
    """

    def __init__(self) -> None:
        self._group: dist.ProcessGroup | None = None
        if world_size() > 1:
            self._group = cast(dist.ProcessGroup, dist.new_group(backend="gloo"))

    def any(self, is_raised: bool) -> bool:
        if self._group is None:
            return is_raised
        hand = torch.tensor([int(is_raised)])
        dist.all_reduce(hand, op=dist.ReduceOp.MAX, group=self._group)
        return bool(hand.item())
