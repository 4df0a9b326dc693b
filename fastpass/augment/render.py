"""From a recipe to drawn parameters, and from those and pixels to views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.augment.native import native_params, native_spec, params_from_native
from fastpass.augment.params import ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.checks import require_choice, require_integer, require_type
from fastpass.decode import decode_image
from fastpass.errors import BadArgument, MissingBackend

View: TypeAlias = npt.NDArray[np.float32]

MAX_SOURCE_SIDE = 65535  # pixels, as in csrc/augment/check.h


def draw(
    recipe: Recipe, width: int, height: int, *, seed: int, epoch: int = 0, sample_id: int = 0
) -> list[ViewParams]:
    """All random choices of all views of one sample; touches no pixel.

    width, height: of the source, pixels, 1 to 65535. seed: 0 to 2**64 - 1. epoch: 0 to 2**32 - 1.
    sample_id: any int64. Each view is a function of (recipe's view, width, height, seed, epoch,
    sample_id, place of the view) alone (Philox4x32-10, Salmon et al. 2011). Crops follow
    torchvision's RandomResizedCrop and Resize + CenterCrop, colors its ColorJitter.

    Raises BadArgument.
    """
    require_type("recipe", recipe, Recipe)
    require_integer("width", width, 1, MAX_SOURCE_SIDE)
    require_integer("height", height, 1, MAX_SOURCE_SIDE)
    require_integer("seed", seed, 0, 2**64 - 1)
    require_integer("epoch", epoch, 0, 2**32 - 1)
    require_integer("sample_id", sample_id, -(2**63), 2**63 - 1)
    return [
        params_from_native(
            core.draw_view(
                spec=native_spec(spec),
                height=height,
                width=width,
                seed=seed,
                sample_id=sample_id % 2**64,
                epoch=epoch,
                view_id=view_id,
            )
        )
        for view_id, spec in enumerate(recipe.views)
    ]


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
    backend: Literal["cpu"] = "cpu",
) -> list[View]:
    """The views of one image, each float32 [3, size, size] in the order of the recipe.

    data: an encoded JPEG (bytes-like) or decoded RGB pixels (uint8 array [height, width, 3]).
        EXIF orientation is not applied.
    seed, epoch, sample_id: as for ``draw``; not looked at where ``params`` is given.
    params: what ``draw`` returned, one per view, to render views that were drawn before.
    normalize: (value / 255 - mean) / std per channel; False gives value / 255.
    mode: "exact" rounds to uint8 after every step and equals Pillow >= 13 (crop, antialiased
        resize, GaussianBlur) and torchvision on PIL images (colors) in every byte before
        normalisation; "fast" does the same until a fused version exists.

    Raises BadArgument, MissingBackend, and what ``fastpass.decode_image`` raises.
    """
    require_choice("mode", mode, ("exact", "fast"))
    if backend != "cpu":
        raise MissingBackend(f"backend = {backend!r}: augment has only the backend 'cpu' so far")
    pixels = _pixels_of(data)
    height, width = pixels.shape[:2]
    require_type("recipe", recipe, Recipe)
    require_type("normalize", normalize, bool)
    if params is None:
        params = draw(recipe, width, height, seed=seed, epoch=epoch, sample_id=sample_id)
    if not isinstance(params, list | tuple):
        raise BadArgument(f"params is a {type(params).__name__}, wanted what draw() returned")
    for place, view_params in enumerate(params):
        require_type(f"params[{place}]", view_params, ViewParams)
    if len(params) != len(recipe.views):
        raise BadArgument(f"{len(params)} params came for {len(recipe.views)} views")
    return [
        core.render_view(
            pixels,
            spec=native_spec(spec),
            params=native_params(view_params),
            dtype="float32",
            normalize=normalize,
        )
        for spec, view_params in zip(recipe.views, params, strict=True)
    ]


def _pixels_of(data: Any) -> npt.NDArray[np.uint8]:
    if not isinstance(data, np.ndarray):
        data = decode_image(data)
    if data.dtype != np.uint8 or data.ndim != 3 or data.shape[2] != 3 or data.size == 0:
        raise BadArgument(
            f"data is an array of {data.dtype} {list(data.shape)}, wanted decoded RGB pixels: "
            "uint8 [height, width, 3]"
        )
    return np.ascontiguousarray(data)
