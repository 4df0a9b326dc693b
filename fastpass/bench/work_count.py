"""What a recipe has to do per output pixel, counted from drawn parameters: for limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastpass.augment import ViewParams, ViewSpec
from fastpass.bench.parity import RenderJob

SUPPORT = {
    "bilinear": 1.0,
    "bicubic": 2.0,
}  # half the filter's width, in pixels of the coarser grid
STORED_BYTES = 3 * 4  # float32 per channel
STEPS = ("flip", "jitter", "hue", "grayscale", "blur", "solarize")


def resample_multiply_adds(spec: ViewSpec, params: ViewParams) -> float:
    """Of the separable antialiased resize, rows of the crop first; three channels.

    A filter touches 2 x support x max(1, crop / view) pixels. A side whose size stays costs none.
    """
    height, width = params.resized_height, params.resized_width
    total = 0.0
    if params.width != width:
        total += params.height * width * _taps(spec, params.width, width)
    if params.height != height:
        total += height * width * _taps(spec, params.height, height)
    return 3 * total


def _taps(spec: ViewSpec, source: int, target: int) -> float:
    return 2 * SUPPORT[spec.interpolation] * max(1.0, source / target)


def count_work(jobs: Sequence[RenderJob]) -> dict[str, Any]:
    """Per output pixel: multiply-adds of the resize, bytes of the crops, bytes stored as float32.

    ``steps``: share of the output pixels that each step applies to.
    """
    pixels = multiply_adds = source_bytes = 0.0
    steps = dict.fromkeys(STEPS, 0.0)
    for job in jobs:
        for spec, params in zip(job.recipe.views, job.params, strict=True):
            size = spec.size**2
            pixels += size
            multiply_adds += resample_multiply_adds(spec, params)
            source_bytes += 3 * params.height * params.width
            for step in _steps(params):
                steps[step] += size
    return {
        "resample_multiply_adds": round(multiply_adds / pixels, 2),
        "source_bytes": round(source_bytes / pixels, 2),
        "stored_bytes": STORED_BYTES,
        "steps": {step: round(count / pixels, 3) for step, count in steps.items()},
    }


def _steps(params: ViewParams) -> list[str]:
    is_on = (
        params.is_flipped,
        params.has_jitter,
        params.has_jitter and params.hue != 0,
        params.is_grayscale,
        params.blur_sigma > 0,
        params.is_solarized,
    )
    return [step for step, on in zip(STEPS, is_on, strict=True) if on]
