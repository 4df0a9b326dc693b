"""Views of images that somebody else decoded, rendered where they are: on a GPU."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from fastpass._native import core
from fastpass.augment.native import native_params, native_spec
from fastpass.augment.params import ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.augment.render import MAX_SOURCE_SIDE, draw
from fastpass.common.checks import require_choice, require_type
from fastpass.common.gpu import Gpu, gpu_of
from fastpass.errors import BadArgument

if TYPE_CHECKING:
    import torch


def render_tensors(
    images: Sequence[torch.Tensor],
    recipe: Recipe,
    *,
    seed: int,
    sample_ids: Sequence[int],
    epoch: int = 0,
    params: Sequence[Sequence[ViewParams]] | None = None,
    dtype: Literal["float32", "float16", "bfloat16", "uint8"] = "float32",
    memory_format: Literal["contiguous", "channels_last"] = "contiguous",
    normalize: bool = True,
    device: str | torch.device | None = None,
) -> list[torch.Tensor]:
    """All views of decoded images, in one batch per view, without leaving the device.

    The views are those of ``fastpass.render(..., mode="exact")`` and of ``Loader(mode="exact")``
    for the same pixels, seed, epoch and sample id, bit for bit.

    Args:
        images: N of them, uint8 ``[height, width, 3]``, RGB, contiguous, all on one CUDA device; of
            any sizes, 1 to 65535 a side.
        recipe: which views to make.
        seed, epoch: as for ``fastpass.draw``.
        sample_ids: one per image; not looked at where ``params`` is given.
        params: what ``fastpass.draw`` returned for each image, to render views drawn before.
        dtype: "float32", "float16" or "bfloat16": normalized; "uint8": the pixels as they are.
        memory_format: of the views, as torch has it: the shape stays ``[N, 3, size, size]``.
        normalize: (value / 255 - mean) / std per channel; False gives value / 255.
        device: None: where the images lie. A CUDA device: they must lie there; it is also where
            the views of no images lie.

    Returns:
        One ``[N, 3, size, size]`` per view of the recipe, queued on the device's current stream:
        the call does not wait for them.

    Raises:
        BadArgument: naming the image's position; MissingBackend, DeviceFailed.
    """
    import torch

    require_type("recipe", recipe, Recipe)
    require_choice("dtype", dtype, ("float32", "float16", "bfloat16", "uint8"))
    require_choice("memory_format", memory_format, ("contiguous", "channels_last"))
    gpu = _checked_gpu(images, device)
    drawn = _draws(images, recipe, params, seed=seed, epoch=epoch, sample_ids=sample_ids)
    in_memory = torch.channels_last if memory_format == "channels_last" else torch.contiguous_format
    outputs = [
        torch.empty(
            (len(images), 3, view.size, view.size),
            dtype=getattr(torch, dtype),
            device=gpu.device,
            memory_format=in_memory,
        )
        for view in recipe.views
    ]
    tasks = [
        (image.data_ptr(), *image.shape[:2], native_spec(view), native_params(p), out[i].data_ptr())
        for i, (image, own) in enumerate(zip(images, drawn, strict=True))
        for view, p, out in zip(recipe.views, own, outputs, strict=True)
    ]
    if tasks:
        _renderer(gpu).render(
            tasks,
            dtype=dtype,
            normalize=normalize,
            channels_last=memory_format == "channels_last",
            stream=gpu.stream(),
        )
    return outputs


def _checked_gpu(images: Sequence[torch.Tensor], device: str | torch.device | None) -> Gpu:
    """The GPU on which all images lie."""
    import torch

    if not isinstance(images, list | tuple):
        raise BadArgument(f"images is a {type(images).__name__}, wanted a list of tensors")
    gpu = None if device is None else gpu_of(device)
    for i, image in enumerate(images):
        if not isinstance(image, torch.Tensor):
            raise BadArgument(f"images[{i}] is a {type(image).__name__}, wanted a torch.Tensor")
        is_rgb = image.ndim == 3 and image.shape[2] == 3 and image.dtype == torch.uint8
        if not is_rgb or not image.is_contiguous():
            raise BadArgument(
                f"images[{i}] is {image.dtype} {list(image.shape)}, strides {image.stride()}: "
                "wanted contiguous uint8 [height, width, 3]"
            )
        if not all(1 <= side <= MAX_SOURCE_SIDE for side in image.shape[:2]):
            raise BadArgument(f"images[{i}] is {list(image.shape)}, wanted sides of 1 to 65535")
        if gpu is None:
            gpu = gpu_of(image.device if image.device.type == "cuda" else "cuda")
        if image.device != gpu.device:
            raise BadArgument(f"images[{i}] is on {image.device}, wanted all on {gpu.device}")
    return gpu or gpu_of("cuda")


def _draws(
    images: Sequence[torch.Tensor],
    recipe: Recipe,
    params: Sequence[Sequence[ViewParams]] | None,
    *,
    seed: int,
    epoch: int,
    sample_ids: Sequence[int],
) -> list[Sequence[ViewParams]]:
    if params is not None:
        if len(params) != len(images) or any(len(own) != len(recipe.views) for own in params):
            raise BadArgument(
                f"params: wanted {len(recipe.views)} of them for each of {len(images)} images"
            )
        return list(params)
    if len(sample_ids) != len(images):
        raise BadArgument(f"{len(sample_ids)} sample_ids came for {len(images)} images")
    return [
        draw(recipe, *image.shape[:2], seed=seed, epoch=epoch, sample_id=int(sample))
        for image, sample in zip(images, sample_ids, strict=True)
    ]


class _Renderer:
    """One per device. The lock is for callers on several threads."""

    def __init__(self, gpu: Gpu) -> None:
        # While one batch is on its way, the memory of another is free.
        self._ring = [core.TensorRenderer(gpu.native) for _ in range(3)]
        self._next = 0
        self._lock = threading.Lock()

    def render(self, tasks: list[Any], **options: Any) -> None:
        with self._lock:
            renderer = self._ring[self._next]
            self._next = (self._next + 1) % len(self._ring)
            renderer.render(tasks, **options)


@functools.cache
def _renderer(gpu: Gpu) -> _Renderer:
    return _Renderer(gpu)
