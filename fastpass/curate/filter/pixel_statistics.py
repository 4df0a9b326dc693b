"""The statistics of one image's pixels: plain loops over integers, which numba compiles."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from fastpass.common.user_compile import compiled_with_callees, require_numba

PIXEL_COLUMNS = ("brightness", "contrast", "sharpness", "colorfulness", "entropy")


@lru_cache(maxsize=1)
def compiled_statistics() -> Any:
    """``(pixels, block) -> float64 [5]``, in the order of ``PIXEL_COLUMNS``; without the GIL.

    pixels: uint8 ``[height, width, 3]``. block: squares of so many pixels a side are averaged
    first; those at the right and lower edge may be smaller.

    Raises MissingBackend without numba.
    """
    numba = require_numba("the statistics of pixels", in_python="")
    types = numba.types
    function = compiled_with_callees(_statistics, numba.njit(nogil=True))
    function.compile((types.Array(types.uint8, 3, "C"), types.int64))  # once, before threads call
    return function


def _statistics(pixels: Any, block: int) -> Any:
    small = _shrunk(pixels, block) if block > 1 else pixels
    luma = _luma(small)
    out = np.empty(5, dtype=np.float64)
    out[0], out[1], out[4] = _of_histogram(luma)
    out[2] = _laplacian_variance(luma)
    out[3] = _colorfulness(small)
    return out


def _shrunk(pixels: Any, block: int) -> Any:
    """uint8: the rounded mean of each square."""
    height, width = pixels.shape[0], pixels.shape[1]
    rows, columns = (height + block - 1) // block, (width + block - 1) // block
    out = np.empty((rows, columns, 3), dtype=np.uint8)
    for row in range(rows):
        bottom = min(height, (row + 1) * block)
        for column in range(columns):
            right = min(width, (column + 1) * block)
            count = (bottom - row * block) * (right - column * block)
            for channel in range(3):
                total = count // 2
                for y in range(row * block, bottom):
                    for x in range(column * block, right):
                        total += pixels[y, x, channel]
                out[row, column, channel] = total // count
    return out


def _luma(pixels: Any) -> Any:
    """int64 ``[height, width]``: as Pillow converts RGB to L."""
    height, width = pixels.shape[0], pixels.shape[1]
    luma = np.empty((height, width), dtype=np.int64)
    for y in range(height):
        for x in range(width):
            weighted = 19595 * pixels[y, x, 0] + 38470 * pixels[y, x, 1] + 7471 * pixels[y, x, 2]
            luma[y, x] = (weighted + 32768) >> 16
    return luma


def _of_histogram(luma: Any) -> tuple[float, float, float]:
    """Mean, standard deviation and entropy (bits)."""
    histogram = np.zeros(256, dtype=np.int64)
    for value in luma.flat:
        histogram[value] += 1
    total, squares, entropy = 0, 0, 0.0
    for value in range(256):
        share = histogram[value] / luma.size
        total += value * histogram[value]
        squares += value * value * histogram[value]
        if share > 0:
            entropy -= share * math.log2(share)
    return total / luma.size, math.sqrt(_variance(total, squares, luma.size)), max(0.0, entropy)


def _laplacian_variance(luma: Any) -> float:
    height, width = luma.shape
    if height < 3 or width < 3:
        return 0.0
    total, squares = 0, 0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            around = luma[y - 1, x] + luma[y + 1, x] + luma[y, x - 1] + luma[y, x + 1]
            value = around - 4 * luma[y, x]
            total += value
            squares += value * value
    return _variance(total, squares, (height - 2) * (width - 2))


def _colorfulness(pixels: Any) -> float:
    height, width = pixels.shape[0], pixels.shape[1]
    red_green, red_green_squares = 0, 0  # of R - G
    yellow_blue, yellow_blue_squares = 0, 0  # of R + G - 2 B, twice what the paper takes
    for y in range(height):
        for x in range(width):
            red: Any = np.int64(pixels[y, x, 0])
            green: Any = np.int64(pixels[y, x, 1])
            blue: Any = np.int64(pixels[y, x, 2])
            red_green += red - green
            red_green_squares += (red - green) ** 2
            yellow_blue += red + green - 2 * blue
            yellow_blue_squares += (red + green - 2 * blue) ** 2
    count = height * width
    spread = _variance(red_green, red_green_squares, count)
    spread += _variance(yellow_blue, yellow_blue_squares, count) / 4
    means = (red_green / count) ** 2 + (yellow_blue / count / 2) ** 2
    return math.sqrt(spread) + 0.3 * math.sqrt(means)


def _variance(total: int, squares: int, count: int) -> float:
    mean = total / count
    return max(0.0, squares / count - mean * mean)
