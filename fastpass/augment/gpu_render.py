"""Views of one image on a GPU: decoded there, rendered there."""

from __future__ import annotations

import functools
import importlib.util
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from fastpass._native import core
from fastpass.augment.native import decode_foreign
from fastpass.augment.recipe import Recipe
from fastpass.common.gpu import Gpu, gpu_of
from fastpass.errors import MissingBackend

if TYPE_CHECKING:
    import torch


def render_on_gpu(
    image: Any, recipe: Recipe, options: Any, *, device: str | torch.device, **request: Any
) -> list[torch.Tensor]:
    """The views, each float32 ``[3, size, size]``, queued on the device's current stream.

    image: encoded bytes, or uint8 pixels ``[height, width, 3]``, which are sent to the GPU.
    options, request: what ``core.render_image`` takes.

    Raises MissingBackend, DeviceFailed, and what ``fastpass.decode_image`` raises.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingBackend("views on a GPU are torch's tensors: install torch")
    import torch

    gpu = gpu_of(device)
    views = [
        torch.empty((3, spec.size, spec.size), dtype=torch.float32, device=gpu.device)
        for spec in recipe.views
    ]
    outputs = [view.data_ptr() for view in views]
    if isinstance(image, np.ndarray):
        pixels = torch.from_numpy(image).to(gpu.device)
        render_batch_on_gpu(gpu, [pixels], options, outputs=outputs, **_as_batch(request))
    else:
        renderer = _image_renderer(gpu)
        with renderer.lock:
            renderer.native.render(
                image,
                options,
                outputs=outputs,
                stream=gpu.stream(),
                foreign_decoder=decode_foreign,
                **request,
            )
    return views


def _as_batch(request: dict[str, Any]) -> dict[str, Any]:
    """What is asked of one image, as ``core.GpuTensorRenderer.render`` takes it."""
    seed, sample_id, epoch = request["key"]
    params = request["params"]
    return {
        "seed": seed,
        "epoch": epoch,
        "sample_ids": [sample_id],
        "params": None if params is None else [params],
        "normalize": request["normalize"],
        "dtype": "float32",
        "channels_last": False,
    }


def render_batch_on_gpu(gpu: Gpu, images: list[torch.Tensor], options: Any, **request: Any) -> None:
    """Queue the views of decoded images, uint8 ``[height, width, 3]``, on the current stream.

    request: what ``core.GpuTensorRenderer.render`` takes.
    """
    renderer = _tensor_renderer(gpu)
    with renderer.lock:
        renderer.next().render(addresses(images), options, stream=gpu.stream(), **request)


def addresses(images: list[torch.Tensor]) -> list[tuple[int, int, int]]:
    """(address, height, width) of each."""
    return [(image.data_ptr(), int(image.shape[0]), int(image.shape[1])) for image in images]


class _ImageRenderer:
    """One per GPU. The lock is for callers on several threads."""

    def __init__(self, gpu: Gpu) -> None:
        self.native = core.GpuImageRenderer(gpu.native)
        self.lock = threading.Lock()


class _TensorRenderer:
    """One per GPU: while one batch is on its way, the memory of another is free."""

    def __init__(self, gpu: Gpu) -> None:
        self.lock = threading.Lock()
        self._ring = [core.GpuTensorRenderer(gpu.native) for _ in range(3)]
        self._turn = 0

    def next(self) -> Any:
        self._turn = (self._turn + 1) % len(self._ring)
        return self._ring[self._turn]


_image_renderer = functools.cache(_ImageRenderer)
_tensor_renderer = functools.cache(_TensorRenderer)
