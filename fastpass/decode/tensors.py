"""JPEGs to tensors where the pixels are needed: on a GPU, by our kernels or by nvJPEG."""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastpass._native import core
from fastpass.common.gpu import Gpu, gpu_of
from fastpass.decode import nvjpeg
from fastpass.decode.settings import DecodeSettings
from fastpass.errors import FastpassError, MissingBackend

if TYPE_CHECKING:
    import torch

# A GPU holds the coefficients and the samples of so many images at once.
_CHUNK = 256


def decode_to_tensors(
    batch: Sequence[memoryview],
    indexes: Sequence[memoryview | None],
    device: str | torch.device,
    backend: str,
    settings: DecodeSettings,
) -> list[torch.Tensor | FastpassError]:
    """The images as uint8 ``[height, width, 3]`` on a CUDA device; backend: "cuda" or "nvjpeg".

    Decoded behind what is queued on the device's current stream; complete when the call returns.

    Raises:
        BadArgument, MissingBackend, DeviceFailed: see :func:`fastpass.common.gpu.gpu_of`.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingBackend("tensors are torch's: install torch")
    import torch

    gpu = gpu_of(device)
    if backend == "nvjpeg":
        if gpu.device.type != "cuda":
            raise MissingBackend("nvjpeg runs on NVIDIA's GPUs alone: gpu_twin() has none")
        with torch.cuda.device(gpu.device):
            found = nvjpeg.decode_batch(batch, crop=settings.crop, max_pixels=settings.max_pixels)
            return list(found)
    decoder = _decoder(gpu)
    results: list[torch.Tensor | FastpassError] = []
    for first in range(0, len(batch), _CHUNK):
        chosen = slice(first, first + _CHUNK)
        results += decoder.decode(
            list(batch[chosen]), indexes=list(indexes[chosen]), **settings.native()
        )
    return results


class _Decoder:
    """One per GPU: its memory is reused. The lock is for callers on several threads."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._native = core.TensorDecoder(gpu.native)
        self._lock = threading.Lock()

    def decode(self, batch: list[memoryview], **options: Any) -> list[Any]:
        import torch

        with self._lock:
            planned = self._native.plan(batch, **options)
            tensors = [
                size
                if isinstance(size, FastpassError)
                else torch.empty((*size, 3), dtype=torch.uint8, device=self._gpu.device)
                for size in planned
            ]
            outputs = [t.data_ptr() if isinstance(t, torch.Tensor) else 0 for t in tensors]
            failures = self._native.decode(outputs, self._gpu.stream())
        return [
            failure if failure is not None else tensor
            for failure, tensor in zip(failures, tensors, strict=True)
        ]


@functools.cache
def _decoder(gpu: Gpu) -> _Decoder:
    return _Decoder(gpu)
