"""From a recipe to drawn parameters, and from those and pixels to views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.augment.gpu_render import render_on_gpu
from fastpass.augment.native import (
    decode_foreign,
    native_params,
    native_spec,
    params_from_native,
    sample_options,
)
from fastpass.augment.op_outputs import named_outputs, output_places, refuse_ops_on_gpu
from fastpass.augment.params import ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.common.checks import (
    require_bool,
    require_bytes,
    require_choice,
    require_integer,
    require_type,
)
from fastpass.common.gpu import gpu_place
from fastpass.decode.settings import MAX_PIXELS, OnDamage, Orientation
from fastpass.errors import BadArgument, MissingBackend

if TYPE_CHECKING:
    import torch

View: TypeAlias = npt.NDArray[np.float32]

MAX_SOURCE_SIDE = 65535  # pixels, as in csrc/augment/check.h


def draw(
    recipe: Recipe, height: int, width: int, *, seed: int, epoch: int = 0, sample_id: int = 0
) -> list[ViewParams]:
    """All random choices of all views of one sample; touches no pixel.

    height, width: of the source, pixels, 1 to 65535; of the turned image where its orientation is
    applied. seed: 0 to 2**64 - 1. epoch: 0 to 2**32 - 1.
    sample_id: any int64. Each view is a function of (recipe's view, height, width, seed, epoch,
    sample_id, place of the view) alone (Philox4x32-10, Salmon et al. 2011). Crops follow
    torchvision's RandomResizedCrop and Resize + CenterCrop, colors its ColorJitter.

    Raises BadArgument.
    """
    require_type("recipe", recipe, Recipe)
    height = require_integer("height", height, 1, MAX_SOURCE_SIDE)
    width = require_integer("width", width, 1, MAX_SOURCE_SIDE)
    seed, native_id, epoch = native_key(seed, sample_id, epoch)
    return [
        params_from_native(
            core.draw_view(
                spec=native_spec(spec),
                height=height,
                width=width,
                seed=seed,
                sample_id=native_id,
                epoch=epoch,
                view_id=view_id,
            )
        )
        for view_id, spec in enumerate(recipe.views)
    ]


@overload
def render(
    data: Any,
    recipe: Recipe,
    *,
    seed: int,
    epoch: int = 0,
    sample_id: int = 0,
    params: Sequence[ViewParams] | None = None,
    normalize: bool = True,
    mode: Literal["exact", "fast"] = "fast",
    on_damage: OnDamage = "raise",
    orientation: Orientation = "ignore",
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
    device: str | torch.device | None = None,
    backend: Literal["auto", "cpu", "cuda"] = "auto",
    return_outputs: Literal[False] = False,
) -> list[Any]: ...
@overload
def render(
    data: Any,
    recipe: Recipe,
    *,
    seed: int,
    epoch: int = 0,
    sample_id: int = 0,
    params: Sequence[ViewParams] | None = None,
    normalize: bool = True,
    mode: Literal["exact", "fast"] = "fast",
    on_damage: OnDamage = "raise",
    orientation: Orientation = "ignore",
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
    device: str | torch.device | None = None,
    backend: Literal["auto", "cpu", "cuda"] = "auto",
    return_outputs: Literal[True],
) -> tuple[list[Any], dict[str, dict[int, Any]]]: ...
def render(
    data: Any,
    recipe: Recipe,
    *,
    seed: int,
    epoch: int = 0,
    sample_id: int = 0,
    params: Sequence[ViewParams] | None = None,
    normalize: bool = True,
    mode: Literal["exact", "fast"] = "fast",
    on_damage: OnDamage = "raise",
    orientation: Orientation = "ignore",
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
    device: str | torch.device | None = None,
    backend: Literal["auto", "cpu", "cuda"] = "auto",
    return_outputs: bool = False,
) -> Any:
    """The views of one image, each float32 [3, size, size] in the order of the recipe.

    Args:
        data: an encoded JPEG, PNG or WebP (bytes-like) or decoded RGB pixels (uint8 array
            [height, width, 3]).
        recipe: which views to make.
        seed, epoch, sample_id: as for ``draw``; where ``params`` is given, only the random numbers
            of operations (``ViewSpec.ops``) follow from them.
        params: what ``draw`` returned, one per view, to render views that were drawn before.
        normalize: (value / 255 - mean) / std per channel; False gives value / 255.
        mode: "exact" rounds to uint8 after every step and equals Pillow >= 13 (crop, antialiased
            resize, GaussianBlur) and torchvision on PIL images (colors) in every byte before
            normalization. "fast" is the same arithmetic, but decodes a JPEG at 1/2, 1/4 or 1/8
            (DCT scaling) where every box is at least 2, 4 or 8 times as large as its view.
        on_damage, max_pixels, max_scan_blocks: as for ``decode_jpeg``.
        orientation: "apply" turns the image as its EXIF orientation asks, before boxes are drawn in
            it: the views are those of the file turned upright. Pixels have no orientation.
        device: where the image is decoded and its views are rendered: "cpu", or a CUDA device
            ("cuda", "cuda:1"), bit for bit the same. None: where the backend runs.
        backend: which implementation: "cpu", "cuda", or "auto", the one for the device.
        return_outputs: return ``(views, outputs)``: what the operations of the views put out, name
            -> place of the view -> array.

    Returns:
        Arrays on the CPU; on a GPU torch tensors, queued on its current stream.

    Raises:
        BadArgument, MissingBackend, BadViewOp, and what ``fastpass.decode_image`` raises.
    """
    if backend not in ("auto", "cpu", "cuda"):
        raise MissingBackend(f"backend = {backend!r}: augment has the backends 'cpu' and 'cuda'")
    require_type("recipe", recipe, Recipe)
    normalize = require_bool("normalize", normalize)
    return_outputs = require_bool("return_outputs", return_outputs)
    gpu_device = gpu_place(device, backend, gpu_backends=("cuda",))
    if gpu_device is not None:
        refuse_ops_on_gpu(recipe)
    request: dict[str, Any] = {
        "key": native_key(seed, sample_id, epoch),
        "params": None if params is None else checked_params(params, recipe),
        "normalize": normalize,
    }
    options = _checked_options(recipe, mode, on_damage, orientation, max_pixels, max_scan_blocks)
    image = _image(data)
    if gpu_device is not None:
        views = render_on_gpu(image, recipe, options, device=gpu_device, **request)
        return (views, {}) if return_outputs else views
    if isinstance(image, np.ndarray):
        views, memory = core.render_pixels(image, options, dtype="float32", **request)
    else:
        views, memory = core.render_image(
            image, options, dtype="float32", foreign_decoder=decode_foreign, **request
        )
    if not return_outputs:
        return views
    return views, named_outputs(output_places(recipe), memory)


def _checked_options(
    recipe: Recipe,
    mode: str,
    on_damage: str,
    orientation: str,
    max_pixels: int,
    max_scan_blocks: int,
) -> Any:
    require_choice("mode", mode, ("exact", "fast"))
    require_choice("on_damage", on_damage, ("raise", "fill"))
    require_choice("orientation", orientation, ("ignore", "apply"))
    return sample_options(
        recipe,
        mode=mode,
        on_damage=on_damage,
        orientation=orientation,
        max_pixels=require_integer("max_pixels", max_pixels, 1, MAX_PIXELS),
        max_scan_blocks=require_integer("max_scan_blocks", max_scan_blocks, 1, MAX_PIXELS),
    )


def native_key(seed: int, sample_id: int, epoch: int) -> tuple[int, int, int]:
    seed = require_integer("seed", seed, 0, 2**64 - 1)
    epoch = require_integer("epoch", epoch, 0, 2**32 - 1)
    sample_id = require_integer("sample_id", sample_id, -(2**63), 2**63 - 1)
    return seed, sample_id % 2**64, epoch


def checked_params(params: Sequence[ViewParams], recipe: Recipe) -> list[Any]:
    if not isinstance(params, list | tuple):
        raise BadArgument(f"params is a {type(params).__name__}, wanted what draw() returned")
    for place, view_params in enumerate(params):
        require_type(f"params[{place}]", view_params, ViewParams)
    if len(params) != len(recipe.views):
        raise BadArgument(f"{len(params)} params came for {len(recipe.views)} views")
    return [native_params(view_params) for view_params in params]


def _image(data: Any) -> Any:
    """Contiguous uint8 pixels [height, width, 3], or a memoryview of encoded bytes."""
    if not isinstance(data, np.ndarray):
        return require_bytes("data", data)
    if data.dtype != np.uint8 or data.ndim != 3 or data.shape[2] != 3 or data.size == 0:
        raise BadArgument(
            f"data is an array of {data.dtype} {list(data.shape)}, wanted decoded RGB pixels: "
            "uint8 [height, width, 3]"
        )
    return np.ascontiguousarray(data)
