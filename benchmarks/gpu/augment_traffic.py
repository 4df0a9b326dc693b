"""The least that each kernel of a GPU must read and write to render views of given numbers.

What neighboring lanes share counts once, as if caches held it. At the rate of a copy this is the
memory side of the kernel's roofline; RenderTiles is expected to be limited by instructions instead.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import fastpass as fp

CHANNELS = 3
INT_BYTES = 4


def tap_table_bytes(length: int, resized: int, size: int, interpolation: str) -> int:
    """Weights of one axis, and where they begin and how many there are."""
    support = (2 if interpolation == "bicubic" else 1) * max(length / resized, 1.0)
    most_taps = min(2 * math.ceil(support) + 1, length)
    return INT_BYTES * size * (most_taps + 2)


def has_contrast(params: fp.ViewParams) -> bool:
    return params.has_jitter and params.contrast != 1.0


def box_bytes(view: fp.ViewSpec, params: fp.ViewParams) -> int:
    """Of the source pixels that the view's window shows, without what filters reach beyond it."""
    rows = params.height * view.size / params.resized_height
    columns = params.width * view.size / params.resized_width
    return CHANNELS * math.ceil(rows) * math.ceil(columns)


def view_traffic(view: fp.ViewSpec, params: fp.ViewParams, value_bytes: int) -> Counter[str]:
    """Kernel -> bytes for one view, without the source pixels that RenderTiles reads."""
    pixels = CHANNELS * view.size**2
    finished = pixels * value_bytes
    taps = sum(
        tap_table_bytes(length, resized, view.size, view.interpolation)
        for length, resized in (
            (params.width, params.resized_width),
            (params.height, params.resized_height),
        )
    )
    is_blurred = params.blur_sigma > 0
    moved = Counter({"WeighTaps": taps, "RenderTiles": taps})
    moved["RenderTiles"] += pixels if is_blurred or has_contrast(params) else finished
    if has_contrast(params):
        moved["ContrastPixels"] += pixels + (pixels if is_blurred else finished)
    if is_blurred and view.blur is not None and view.blur.kind == "gaussian":
        moved["GaussianBlurRows"] += pixels + finished
    elif is_blurred:
        moved["BoxBlurLines<false>"] += 2 * pixels
        moved["BoxBlurLines<true>"] += pixels + finished
    return moved


def kernel_traffic(
    shapes: Sequence[Sequence[int]],
    recipe: fp.Recipe,
    params: Sequence[Sequence[fp.ViewParams]],
    value_bytes: int,
) -> dict[str, int]:
    """Kernel -> bytes for a batch: images of ``shapes`` (height, width, 3), params per image."""
    moved: Counter[str] = Counter()
    for shape, own in zip(shapes, params, strict=True):
        source = 0
        for view, p in zip(recipe.views, own, strict=True):
            moved += view_traffic(view, p, value_bytes)
            source += box_bytes(view, p)
        # Views of one image lie side by side in the launch: the second finds pixels in the cache.
        moved["RenderTiles"] += min(source, math.prod(shape))
    return dict(moved)
