"""The devices on which images are decoded and views rendered: GPUs, and their twin on the CPU."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fastpass._native import core, load_cuda
from fastpass.errors import BadArgument, MissingBackend

if TYPE_CHECKING:
    import torch


@functools.cache
def twin() -> Any:
    """The CPU in the place of a GPU, lane by lane in a shuffled order: for tests, and slow."""
    return core.make_twin()


@functools.cache
def _gpu(ordinal: int) -> Any:
    return load_cuda().make_gpu(ordinal)


def gpu_of(device: torch.device) -> Any:
    """The ``_core.Gpu`` of a CUDA device; of torch's current one where it has no index.

    Raises:
        BadArgument: no CUDA device.
        MissingBackend: the CUDA module is not built, or torch sees no GPU.
        DeviceFailed: the driver refuses.
    """
    import torch

    if device.type != "cuda":
        raise BadArgument(f"device {device}: wanted 'cpu' or a CUDA device")
    load_cuda()
    if not torch.cuda.is_available():
        raise MissingBackend(f"device {device}, but torch sees no CUDA GPU: use the CPU")
    return _gpu(torch.cuda.current_device() if device.index is None else device.index)


def is_gpu_there() -> bool:
    """Whether ``gpu_of(torch.device("cuda"))`` has anything to give."""
    try:
        return bool(load_cuda().device_count() > 0)
    except MissingBackend:
        return False
