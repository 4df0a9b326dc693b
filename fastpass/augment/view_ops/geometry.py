"""The geometric operations of RandAugment (Cubuk et al., NeurIPS 2020 workshops).

Magnitudes are torchvision's v2.RandAugment's; pixels are those of Pillow's ``Image.transform`` with
the nearest neighbor, which torchvision calls for PIL images.
"""

from __future__ import annotations

import math
from typing import Any

from fastpass.augment.operation import view_op
from fastpass.augment.view_random import random_below, random_unit

IDENTITY, SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y, ROTATE = range(6)
_NUM_KINDS = 6

Matrix = tuple[float, float, float, float, float, float]


def geometry_magnitude(kind: int, share: float, height: int, width: int) -> float:
    """share: of the largest magnitude, 0 to 1. Shear: a tangent; translate: pixels; rotate: deg."""
    if kind in (SHEAR_X, SHEAR_Y):
        return 0.3 * share
    if kind == TRANSLATE_X:
        return 150.0 / 331.0 * width * share
    if kind == TRANSLATE_Y:
        return 150.0 / 331.0 * height * share
    return 30.0 * share


def geometry_matrix(kind: int, magnitude: float, height: int, width: int) -> Matrix:
    """From a pixel of the result to one of the source: x = m0 x' + m1 y' + m2, y = m3 x' + ..."""
    if kind == SHEAR_X:
        # By way of the angle, as torchvision goes.
        return 1.0, math.tan(math.radians(math.degrees(math.atan(magnitude)))), 0.0, 0.0, 1.0, 0.0
    if kind == SHEAR_Y:
        return 1.0, 0.0, 0.0, math.tan(math.radians(math.degrees(math.atan(magnitude)))), 1.0, 0.0
    if kind == TRANSLATE_X:
        return 1.0, 0.0, -float(int(magnitude)), 0.0, 1.0, 0.0
    if kind == TRANSLATE_Y:
        return 1.0, 0.0, 0.0, 0.0, 1.0, -float(int(magnitude))
    angle = -math.radians(magnitude)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = width / 2.0, height / 2.0
    return cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y


def warp(view: Any, matrix: Matrix, fill: tuple[int, int, int]) -> None:
    """Nearest neighbor, in Pillow's fixed point of 16 bits; ``fill`` where the source ends."""
    height, width = view.shape[0], view.shape[1]
    source = view.copy()
    m0, m1, m2, m3, m4, m5 = matrix
    step_x, step_y = _fixed(m0), _fixed(m3)
    row_x = _fixed(m2 + m0 * 0.5 + m1 * 0.5)
    row_y = _fixed(m5 + m3 * 0.5 + m4 * 0.5)
    down_x, down_y = _fixed(m1), _fixed(m4)
    for y in range(height):
        at_x, at_y = row_x, row_y
        for x in range(width):
            from_x, from_y = at_x >> 16, at_y >> 16
            is_inside = 0 <= from_x < width and 0 <= from_y < height
            for channel in range(3):
                value = source[from_y, from_x, channel] if is_inside else fill[channel]
                view[y, x, channel] = value
            at_x += step_x
            at_y += step_y
        row_x += down_x
        row_y += down_y


def _fixed(value: float) -> int:
    return math.floor(value * 65536.0 + 0.5)


@view_op(check_bounds=False)
def rand_augment_geometry(
    view: Any,
    key: int,
    num_ops: int = 2,
    magnitude: int = 9,
    num_bins: int = 31,
    fill: tuple[int, int, int] = (0, 0, 0),
) -> None:
    """``num_ops`` times one of identity, shear, translation and rotation, to either side.

    magnitude: 0 to ``num_bins - 1``. fill: RGB outside of the view. Operation i takes the draws
    2 i (which) and 2 i + 1 (the side).
    """
    height, width = view.shape[0], view.shape[1]
    share = magnitude / (num_bins - 1)
    for place in range(num_ops):
        kind = random_below(key, 2 * place, _NUM_KINDS)
        if kind == IDENTITY:
            continue
        amount = geometry_magnitude(kind, share, height, width)
        if random_unit(key, 2 * place + 1) < 0.5:
            amount = -amount
        warp(view, geometry_matrix(kind, amount, height, width), fill)
