"""Views of images that somebody else decoded, rendered where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from fastpass._native import core
from fastpass.augment.gpu_render import addresses, render_batch_on_gpu
from fastpass.augment.native import sample_options
from fastpass.augment.op_outputs import (
    check_dtype_of_ops,
    output_places,
    refuse_ops_on_gpu,
)
from fastpass.augment.params import ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.augment.render import MAX_SOURCE_SIDE, checked_params, native_key
from fastpass.common.checks import require_bool, require_choice, require_type
from fastpass.common.gpu import Gpu, gpu_of, is_twin_on, parse_device
from fastpass.common.processors import available_processors
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
        images: N of them, uint8 ``[height, width, 3]``, RGB, contiguous, all on the CPU or all on
            one CUDA device; of any sizes, 1 to 65535 a side.
        recipe: which views to make.
        seed, epoch: as for ``fastpass.draw``.
        sample_ids: one per image; not looked at where ``params`` is given.
        params: what ``fastpass.draw`` returned for each image, to render views drawn before.
        dtype: "float32", "float16" or "bfloat16": normalized; "uint8": the pixels as they are.
        memory_format: of the views, as torch has it: the shape stays ``[N, 3, size, size]``.
        normalize: (value / 255 - mean) / std per channel; False gives value / 255.
        device: None: where the images lie. Otherwise they must lie there; it is also where the
            views of no images lie.

    Returns:
        One ``[N, 3, size, size]`` per view of the recipe, on the device; on a GPU queued on its
        current stream: the call does not wait for them.

    Raises:
        BadArgument: naming the image's position; MissingBackend, DeviceFailed, BadViewOp.
    """
    import torch

    require_type("recipe", recipe, Recipe)
    require_choice("dtype", dtype, ("float32", "float16", "bfloat16", "uint8"))
    require_choice("memory_format", memory_format, ("contiguous", "channels_last"))
    normalize = require_bool("normalize", normalize)
    gpu = _checked_place(images, device)
    _check_ops(recipe, dtype, gpu)
    request = {
        **_draws(images, recipe, params, seed=seed, epoch=epoch, sample_ids=sample_ids),
        "dtype": dtype,
        "normalize": normalize,
        "channels_last": memory_format == "channels_last",
    }
    in_memory = torch.channels_last if memory_format == "channels_last" else torch.contiguous_format
    views = [
        torch.empty(
            (len(images), 3, view.size, view.size),
            dtype=getattr(torch, dtype),
            device=torch.device("cpu") if gpu is None else gpu.device,
            memory_format=in_memory,
        )
        for view in recipe.views
    ]
    request["outputs"] = [view.data_ptr() for view in views]
    options = sample_options(recipe, mode="exact")
    if gpu is not None and images:
        render_batch_on_gpu(gpu, list(images), options, **request)
    elif images:
        threads = available_processors()
        core.render_on_cpu(addresses(list(images)), options, num_threads=threads, **request)
    return views


def _check_ops(recipe: Recipe, dtype: str, gpu: Gpu | None) -> None:
    if gpu is not None:
        refuse_ops_on_gpu(recipe)
    check_dtype_of_ops(recipe, dtype)
    for place in output_places(recipe):
        raise BadArgument(
            f"a view_op of view {place.view} has the output {place.name!r}, which render_tensors "
            "does not return: wanted render(return_outputs=True) or a Loader"
        )


def _checked_place(images: Sequence[torch.Tensor], device: str | torch.device | None) -> Gpu | None:
    """The GPU on which all images lie; None for the CPU."""
    import torch

    if not isinstance(images, list | tuple):
        raise BadArgument(f"images is a {type(images).__name__}, wanted a list of tensors")
    if device is None:
        device = next((x.device for x in images if isinstance(x, torch.Tensor)), "cpu")
    # With the twin switched on, tensors on the CPU count as a GPU's.
    is_on_gpu = parse_device(device).type == "cuda" or is_twin_on()
    gpu = gpu_of("cuda" if parse_device(device).type == "cpu" else device) if is_on_gpu else None
    wanted = torch.device("cpu") if gpu is None else gpu.device
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
        if image.device != wanted:
            raise BadArgument(f"images[{i}] is on {image.device}, wanted all on {wanted}")
    return gpu


def _draws(
    images: Sequence[torch.Tensor],
    recipe: Recipe,
    params: Sequence[Sequence[ViewParams]] | None,
    *,
    seed: int,
    epoch: int,
    sample_ids: Sequence[int],
) -> dict[str, Any]:
    """The native names of what the views are drawn from."""
    key = native_key(seed, 0, epoch)
    drawn: dict[str, Any] = {"seed": key[0], "epoch": key[2], "sample_ids": [], "params": None}
    if params is not None:
        if not isinstance(params, list | tuple) or len(params) != len(images):
            raise BadArgument(f"params: wanted what draw() returned, for {len(images)} images")
        drawn["params"] = [checked_params(own, recipe) for own in params]
        return drawn
    if len(sample_ids) != len(images):
        raise BadArgument(f"{len(sample_ids)} sample_ids came for {len(images)} images")
    drawn["sample_ids"] = [native_key(seed, sample, epoch)[1] for sample in sample_ids]
    return drawn
