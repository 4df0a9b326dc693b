"""Random erasing (Zhong et al., AAAI 2020), as torchvision's v2.RandomErasing does it."""

from __future__ import annotations

import math
from typing import Any

from fastpass.augment.operation import view_op
from fastpass.augment.view_random import random_below, random_normal, random_unit

_TRIES = 10
_FIRST_NOISE = 32  # the normal number that takes the draws 64 and 65


def erased_box(
    key: int, height: int, width: int, scale: tuple[float, float], ratio: tuple[float, float]
) -> tuple[int, int, int, int]:
    """(top, left, height, width); no rows where ten tries found no box. Try t: draws 1 + 4 t on."""
    for attempt in range(_TRIES):
        draw = 1 + 4 * attempt
        share = scale[0] + (scale[1] - scale[0]) * random_unit(key, draw)
        low, high = math.log(ratio[0]), math.log(ratio[1])
        aspect = math.exp(low + (high - low) * random_unit(key, draw + 1))
        box_height = int(round(math.sqrt(height * width * share * aspect)))  # noqa: RUF046 numba
        box_width = int(round(math.sqrt(height * width * share / aspect)))  # noqa: RUF046
        if box_height < height and box_width < width:
            top = random_below(key, draw + 2, height - box_height + 1)
            left = random_below(key, draw + 3, width - box_width + 1)
            return top, left, box_height, box_width
    return 0, 0, 0, 0


@view_op(normalized=True, check_bounds=False)
def random_erasing(
    view: Any,
    key: int,
    probability: float = 0.5,
    scale: tuple[float, float] = (0.02, 0.33),
    ratio: tuple[float, float] = (0.3, 3.3),
    value: tuple[float, float, float] = (0.0, 0.0, 0.0),
    noise: bool = False,
) -> None:
    """Sets a box of the normalized view to ``value`` per channel, or to standard normal noise.

    scale: of the view's area. ratio: height / width, log-uniform.
    """
    if random_unit(key, 0) >= probability:
        return
    top, left, height, width = erased_box(key, view.shape[1], view.shape[2], scale, ratio)
    number = _FIRST_NOISE
    for channel in range(3):
        box = view[channel, top : top + height, left : left + width]
        if not noise:
            box[:] = value[channel]
            continue
        for y in range(height):
            for x in range(width):
                box[y, x] = random_normal(key, number)
                number += 1
