"""What the processes of a run tell each other; everything also works in a single process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch._C._distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from fastpass.errors import FastpassError, LaunchFailed, OtherProcessFailed
from fastpass.train.engine.launch import Place

SECONDS_TO_MEET = 300.0
_REPORTED = "fastpass/reported"  # a key of the store: some process has printed why it ends

Result = TypeVar("Result")

_store: Store | None = None
_talk: dist.ProcessGroup | None = None  # on the CPU: asking never waits for a GPU


def join(place: Place, backend: str) -> None:
    """Meet the other processes; to be called once by each of them.

    Raises LaunchFailed when rank 0 cannot listen, or not all have come in five minutes.
    """
    global _store, _talk
    if dist.is_initialized():
        return
    where = f"{place.master_addr}:{place.master_port}"
    limit = timedelta(seconds=SECONDS_TO_MEET)
    try:
        meeting = rendezvous("env://", place.rank, place.world_size, timeout=limit)
        _store, rank, world_size = next(iter(meeting))
        _store.set_timeout(limit)
        dist.init_process_group(backend, store=_store, rank=rank, world_size=world_size)
        _talk = None if backend == "gloo" else dist.new_group(backend="gloo")  # type: ignore[assignment]
    except (RuntimeError, ValueError) as error:
        if "EADDRINUSE" in str(error) or "in use" in str(error):
            raise LaunchFailed(
                f"rank 0 cannot listen at {where}: the port is in use. Give another one "
                "(deepspeed --master_port, torchrun --master-port, or MASTER_PORT), or end the "
                "run that holds it"
            ) from error
        raise LaunchFailed(
            f"{place.launcher}: process {place.rank} of {place.world_size} did not find the others "
            f"at {where} ({str(error).splitlines()[0]}). Were all {place.world_size} started, and "
            "do all machines reach that address?"
        ) from error


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


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
    dist.all_gather_object(gathered, value, group=_talk)
    return gathered


def highest(number: int) -> int:
    """The largest ``number`` of all ranks."""
    if world_size() == 1:
        return number
    numbers = torch.tensor([number])
    dist.all_reduce(numbers, op=dist.ReduceOp.MAX, group=_talk)
    return int(numbers.item())


def together(action: Callable[[], Result]) -> Result:
    """``action()`` on every rank; where it fails on one, it fails on all, and one says why.

    ``action`` must not communicate. Of the ranks that it failed on, the first raises the error;
    every other rank raises OtherProcessFailed.
    """
    error: FastpassError | None = None
    try:
        result = action()
    except FastpassError as raised:
        error = raised
        note_report()
    failed = gather_objects(error is not None)
    if True not in failed:
        return result
    if error is not None and failed.index(True) == rank():
        raise error
    raise OtherProcessFailed(f"rank {failed.index(True)} has failed") from error


def on_first_rank(action: Callable[[], None]) -> None:
    """``action()`` on rank 0 alone; its failure is the failure of all."""
    together(action if rank() == 0 else lambda: None)


def raise_once(error: FastpassError) -> None:
    """For an error that all ranks have found: rank 0 raises it, the others OtherProcessFailed."""
    if rank() == 0:
        note_report()
    highest(0)  # everybody waits until that is noted
    raise error if rank() == 0 else OtherProcessFailed("rank 0 says why") from error


def is_connection_lost(error: RuntimeError) -> bool:
    """Whether ``error`` of a collective operation means that another process has ended."""
    if world_size() == 1:
        return False
    signs = (
        "Connection closed",
        "Connection reset",
        "Broken pipe",
        "Socket closed",
    )
    return isinstance(error, dist.DistError) or any(sign in str(error) for sign in signs)


def note_report() -> None:
    """Let the others know that this process has told its user why the run ends."""
    if _store is not None and world_size() > 1:
        with suppress(RuntimeError):
            _store.set(_REPORTED, str(rank()))


def is_reported() -> bool:
    """Whether some process has told why the run ends; so it counts when rank 0 has gone."""
    if _store is None:
        return False
    try:
        return bool(_store.check([_REPORTED]))
    except RuntimeError:  # the store ends with rank 0
        return True
