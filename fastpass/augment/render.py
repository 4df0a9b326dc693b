"""From a recipe to drawn parameters, and from those and pixels to views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.augment.native import native_params, native_spec, params_from_native
from fastpass.augment.params import ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.common.checks import require_bytes, require_choice, require_integer, require_type
from fastpass.decode import decode_image, decode_jpeg, probe
from fastpass.errors import BadArgument, MissingBackend
from fastpass.types import CropBox

View: TypeAlias = npt.NDArray[np.float32]

MAX_SOURCE_SIDE = 65535  # pixels, as in csrc/augment/check.h


def draw(
    recipe: Recipe, height: int, width: int, *, seed: int, epoch: int = 0, sample_id: int = 0
) -> list[ViewParams]:
    """All random choices of all views of one sample; touches no pixel.

    height, width: of the source, pixels, 1 to 65535. seed: 0 to 2**64 - 1. epoch: 0 to 2**32 - 1.
    sample_id: any int64. Each view is a function of (recipe's view, height, width, seed, epoch,
    sample_id, place of the view) alone (Philox4x32-10, Salmon et al. 2011). Crops follow
    torchvision's RandomResizedCrop and Resize + CenterCrop, colors its ColorJitter.

    Raises BadArgument.
    """
    require_type("recipe", recipe, Recipe)
    height = require_integer("height", height, 1, MAX_SOURCE_SIDE)
    width = require_integer("width", width, 1, MAX_SOURCE_SIDE)
    seed = require_integer("seed", seed, 0, 2**64 - 1)
    epoch = require_integer("epoch", epoch, 0, 2**32 - 1)
    sample_id = require_integer("sample_id", sample_id, -(2**63), 2**63 - 1)
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
        normalisation. "fast" is the same arithmetic, but decodes a JPEG at 1/2, 1/4 or 1/8 (DCT
        scaling) where every box is at least 2, 4 or 8 times as large as its view.

    Raises BadArgument, MissingBackend, and what ``fastpass.decode_image`` raises.
    """
    require_choice("mode", mode, ("exact", "fast"))
    if backend != "cpu":
        raise MissingBackend(f"backend = {backend!r}: augment has only the backend 'cpu' so far")
    require_type("recipe", recipe, Recipe)
    require_type("normalize", normalize, bool)
    height, width = _size_of(data)
    if params is None:
        params = draw(recipe, height, width, seed=seed, epoch=epoch, sample_id=sample_id)
    native = _checked_params(params, recipe)
    specs = [native_spec(spec) for spec in recipe.views]
    region = _decode_region(data, specs, native, height, width, may_scale=mode == "fast")
    return [
        core.render_view(
            region.pixels,
            spec=spec,
            params=view_params,
            dtype="float32",
            normalize=normalize,
            origin=region.origin,
            full_size=(height, width),
            scale_denominator=region.scale_denominator,
        )
        for spec, view_params in zip(specs, native, strict=True)
    ]


def _checked_params(params: Sequence[ViewParams], recipe: Recipe) -> list[Any]:
    if not isinstance(params, list | tuple):
        raise BadArgument(f"params is a {type(params).__name__}, wanted what draw() returned")
    for place, view_params in enumerate(params):
        require_type(f"params[{place}]", view_params, ViewParams)
    if len(params) != len(recipe.views):
        raise BadArgument(f"{len(params)} params came for {len(recipe.views)} views")
    return [native_params(view_params) for view_params in params]


class _Region(NamedTuple):
    """Decoded pixels [h, w, 3] that begin at ``origin`` (top, left) of the scaled image."""

    pixels: npt.NDArray[np.uint8]
    origin: tuple[int, int] = (0, 0)
    scale_denominator: int = 1


def _is_jpeg(data: Any) -> bool:
    return (
        not isinstance(data, np.ndarray) and bytes(require_bytes("data", data)[:2]) == b"\xff\xd8"
    )


def _size_of(data: Any) -> tuple[int, int]:
    """(height, width) of an array or of an encoded image, by its headers."""
    if isinstance(data, np.ndarray):
        height, width = _checked_pixels(data).shape[:2]
        return height, width
    info = probe(data)
    return info.height, info.width


def _decode_region(
    data: Any, specs: list[Any], params: list[Any], height: int, width: int, *, may_scale: bool
) -> _Region:
    """What the views need: of a JPEG no more than that, and at the smallest scale that will do."""
    if isinstance(data, np.ndarray):
        return _Region(np.ascontiguousarray(data))
    if not _is_jpeg(data):
        return _Region(decode_image(data))
    top, left, rows, columns, denominator = core.plan_region(
        specs=specs, views=params, height=height, width=width, may_scale=may_scale
    )
    crop = CropBox(top, left, rows, columns)
    pixels = decode_jpeg(data, crop=crop, scale_denominator=denominator)
    return _Region(pixels, (top, left), denominator)


def _checked_pixels(data: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if data.dtype != np.uint8 or data.ndim != 3 or data.shape[2] != 3 or data.size == 0:
        raise BadArgument(
            f"data is an array of {data.dtype} {list(data.shape)}, wanted decoded RGB pixels: "
            "uint8 [height, width, 3]"
        )
    return data
