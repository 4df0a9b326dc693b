"""Between the dataclasses and the native structs: the only place that knows both."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from fastpass._native import core
from fastpass.augment.op_compile import native_view_op
from fastpass.augment.params import JITTER_OPS, ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.augment.spec import ViewSpec
from fastpass.decode.image import decode_image
from fastpass.decode.settings import Orientation
from fastpass.errors import BadArgument


def _assign(struct: Any, name: str, value: object) -> None:
    try:
        setattr(struct, name, value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadArgument(f"{name} = {value!r} does not fit this field: {error}") from error


def spec_values(spec: ViewSpec) -> dict[str, object]:
    """The fields of the native ViewSpec, by name; those that are not there keep their defaults."""
    values: dict[str, object] = {
        "size": spec.size,
        "crop": spec.crop,
        "resize": spec.resize,
        "scale_min": spec.scale[0],
        "scale_max": spec.scale[1],
        "ratio_min": spec.ratio[0],
        "ratio_max": spec.ratio[1],
        "interpolation": spec.interpolation,
        "flip_probability": spec.flip,
        "grayscale_probability": spec.grayscale,
        "solarize_probability": spec.solarize,
        "solarize_threshold": spec.solarize_threshold,
        "mean": spec.mean,
        "std": spec.std,
    }
    if spec.jitter is not None:
        values |= {name: getattr(spec.jitter, name) for name in JITTER_OPS}
        values["jitter_probability"] = spec.jitter.probability
    if spec.blur is not None:
        values["blur_probability"] = spec.blur.probability
        values["blur_sigma_min"], values["blur_sigma_max"] = spec.blur.sigma
        values["blur_kind"] = spec.blur.kind
        values["blur_kernel_size"] = spec.blur.kernel_size
        values["blur_border"] = spec.blur.border
    return values


@lru_cache(maxsize=1024)
def native_spec(spec: ViewSpec) -> Any:
    """The ``_core.ViewSpec`` of a ViewSpec; made once, not to be changed."""
    struct = core.ViewSpec()
    for name, value in spec_values(spec).items():
        _assign(struct, name, value)
    return struct


def sample_options(
    recipe: Recipe,
    *,
    mode: str = "fast",
    on_damage: str = "raise",
    orientation: str = "ignore",
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
) -> Any:
    """The ``_core.SampleOptions``: what is asked of every sample, of values that were checked.

    Compiles the operations of the views. Raises BadViewOp, MissingBackend.
    """
    return core.SampleOptions(
        views=[native_spec(view) for view in recipe.views],
        ops=[[native_view_op(op, view.size) for op in view.ops] for view in recipe.views],
        may_scale=mode == "fast",
        max_pixels=max_pixels,
        max_scan_blocks=max_scan_blocks,
        fill_damage=on_damage == "fill",
        apply_orientation=orientation == "apply",
    )


def decode_foreign(data: bytes, max_pixels: int, apply_orientation: bool) -> Any:
    """What native code calls to decode what is no JPEG: uint8 [height, width, 3]."""
    orientation: Orientation = "apply" if apply_orientation else "ignore"
    return decode_image(data, orientation=orientation, max_pixels=max_pixels)


def native_params(params: ViewParams) -> Any:
    """The ``_core.ViewParams`` of a ViewParams."""
    struct = core.ViewParams()
    for field in fields(ViewParams):
        _assign(struct, field.name, getattr(params, field.name))
    return struct


def params_from_native(struct: Any) -> ViewParams:
    """The ViewParams of a ``_core.ViewParams``."""
    values = {field.name: getattr(struct, field.name) for field in fields(ViewParams)}
    values["jitter_order"] = tuple(values["jitter_order"])
    return ViewParams(**values)
