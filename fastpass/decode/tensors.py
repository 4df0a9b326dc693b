"""JPEGs to tensors where the pixels are needed: on a GPU, by our kernels or by nvJPEG."""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastpass._native import core
from fastpass.common.gpu import gpu_of, twin
from fastpass.decode import nvjpeg
from fastpass.errors import FastpassError, MissingBackend
from fastpass.types import CropBox

if TYPE_CHECKING:
    import torch

TENSOR_BACKENDS = ("cuda", "nvjpeg", "twin")
# A device holds the coefficients and the samples of so many images at once.
_CHUNK = 256


def decode_to_tensors(
    batch: Sequence[memoryview],
    *,
    backend: str,
    indexes: Sequence[memoryview | None],
    crop: CropBox | None,
    scale_denominator: int,
    fill_damage: bool,
    max_pixels: int,
    threads: int,
) -> list[torch.Tensor | FastpassError]:
    """The images as uint8 ``[height, width, 3]`` on torch's current GPU ("twin": on the CPU).

    Decoded behind what is queued on the current stream; complete when the call returns.

    Raises:
        MissingBackend: no torch, no GPU, or the CUDA module is not built.
    """
    _require_torch()
    import torch

    if backend == "nvjpeg":
        gpu_of(torch.device("cuda"))
        return list(nvjpeg.decode_batch(batch, crop=crop, max_pixels=max_pixels))
    if backend == "twin":
        device, decoder = torch.device("cpu"), _decoder(_TWIN)
    else:
        device = torch.device("cuda")
        gpu_of(device)
        decoder = _decoder(torch.cuda.current_device())
    crop_box = None if crop is None else (crop.top, crop.left, crop.height, crop.width)
    results: list[torch.Tensor | FastpassError] = []
    for first in range(0, len(batch), _CHUNK):
        chosen = slice(first, first + _CHUNK)
        results += decoder.decode(
            list(batch[chosen]),
            device,
            indexes=list(indexes[chosen]),
            crop=crop_box,
            scale_denominator=scale_denominator,
            fill_damage=fill_damage,
            max_pixels=max_pixels,
            num_threads=threads,
        )
    return results


def _require_torch() -> None:
    if importlib.util.find_spec("torch") is None:
        raise MissingBackend("tensors are torch's: install torch")


class _Decoder:
    """One per GPU: its memory is reused. The lock is for callers on several threads."""

    def __init__(self, gpu: Any) -> None:
        self._native = core.TensorDecoder(gpu)
        self._lock = threading.Lock()

    def decode(self, batch: list[memoryview], device: torch.device, **options: Any) -> list[Any]:
        import torch

        stream = 0 if device.type == "cpu" else torch.cuda.current_stream().cuda_stream
        with self._lock:
            planned = self._native.plan(batch, **options)
            tensors = [
                size
                if isinstance(size, FastpassError)
                else torch.empty((*size, 3), dtype=torch.uint8, device=device)
                for size in planned
            ]
            outputs = [t.data_ptr() if isinstance(t, torch.Tensor) else 0 for t in tensors]
            failures = self._native.decode(outputs, stream)
        return [
            failure if failure is not None else tensor
            for failure, tensor in zip(failures, tensors, strict=True)
        ]


_TWIN = -1


@functools.cache
def _decoder(ordinal: int) -> _Decoder:
    """Of the GPU of that number, or of its twin."""
    if ordinal == _TWIN:
        return _Decoder(twin())
    import torch

    return _Decoder(gpu_of(torch.device("cuda", ordinal)))
