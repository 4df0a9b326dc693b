"""GPUs, as every stage asks for them: by ``device=``, in torch's names."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastpass._native import core, load_cuda
from fastpass.common.checks import shown
from fastpass.errors import BadArgument, MissingBackend

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU: what native code needs of it, and where torch keeps the tensors in its memory.

    ``native`` is a ``_core.GpuHandle``. ``device`` is a CUDA device with its index, or the CPU
    where a test has switched the twin on (:func:`fastpass.testing.gpu_twin`).
    """

    native: Any
    device: torch.device

    def stream(self) -> int:
        """The ``cudaStream_t`` that is torch's current one there, as a number; 0 for the twin."""
        import torch

        if self.device.type == "cpu":
            return 0
        _pin_current_gpu(self.device)
        return int(torch.cuda.current_stream(self.device).cuda_stream)


def _pin_current_gpu(device: torch.device) -> None:
    """Have torch remember which GPU the calling thread has selected.

    Native calls that follow select ``device``, and leave it selected where the one before is not in
    use: to select that one again would open a context there (csrc/common/gpu/current_device.cuh).
    torch's guard does the same, and goes on telling the thread which GPU it had.
    """
    import torch

    with torch.cuda.device(device):
        pass


# Of the ``gpu_twin()`` blocks that are open, the innermost last.
open_twins: list[Gpu] = []


def parse_device(device: str | torch.device) -> torch.device:
    """A ``torch.device`` of the type "cpu" or "cuda".

    Raises BadArgument.
    """
    import torch

    try:
        parsed = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise BadArgument(f"device = {shown(device)}: wanted 'cpu' or a CUDA device") from error
    if parsed.type not in ("cpu", "cuda"):
        raise BadArgument(f"device = {shown(device)}: wanted 'cpu' or a CUDA device")
    return parsed


def gpu_place(
    device: str | torch.device | None, backend: str, *, gpu_backends: Sequence[str]
) -> str | torch.device | None:
    """The CUDA device that ``device`` and ``backend`` mean together; None for the CPU.

    Without a device, a backend runs where it can, and "auto" on the CPU.

    Raises BadArgument where the two contradict each other.
    """
    if device is None:
        return "cuda" if backend in gpu_backends else None
    is_cpu = device == "cpu" or parse_device(device).type == "cpu"
    if backend != "auto" and is_cpu == (backend in gpu_backends):
        place = "a GPU" if is_cpu else "the CPU"
        raise BadArgument(
            f"device = {device!r}, but backend = {backend!r} runs on {place}: leave one of them out"
        )
    return None if is_cpu else device


def gpu_of(device: str | torch.device) -> Gpu:
    """The GPU that a CUDA device names; torch's current one where it has no index.

    Raises:
        BadArgument: no CUDA device.
        MissingBackend: the CUDA module is not built, or torch sees no GPU.
        DeviceFailed: the driver refuses.
    """
    import torch

    parsed = parse_device(device)
    if parsed.type != "cuda":
        raise BadArgument(f"device {device}: wanted a CUDA device")
    if open_twins:
        return open_twins[-1]
    load_cuda()
    if not torch.cuda.is_available():
        raise MissingBackend(f"device {device}, but torch sees no CUDA GPU: use the CPU")
    gpu = _gpu(torch.cuda.current_device() if parsed.index is None else parsed.index)
    _pin_current_gpu(gpu.device)
    return gpu


@functools.cache
def _gpu(ordinal: int) -> Gpu:
    import torch

    return Gpu(load_cuda().make_gpu(ordinal), torch.device("cuda", ordinal))


@functools.cache
def twin_of(seed: int) -> Gpu:
    """The CPU in the place of a GPU; ``seed``: of the order in which its lanes run."""
    import torch

    return Gpu(core.make_twin(seed), torch.device("cpu"))


def is_twin_on() -> bool:
    """Whether ``device="cuda"`` means the CPU at the moment."""
    return bool(open_twins)


def is_gpu_there() -> bool:
    """Whether ``gpu_of("cuda")`` has anything to give."""
    if open_twins:
        return True
    try:
        return bool(load_cuda().device_count() > 0)
    except MissingBackend:
        return False
