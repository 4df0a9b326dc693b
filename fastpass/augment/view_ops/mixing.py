"""The weights of mixup (Zhang et al., ICLR 2018); the mixing itself is a line of torch."""

from __future__ import annotations

import math
from typing import Any

from fastpass.augment.operation import view_op
from fastpass.augment.view_random import random_normal, random_unit


def gamma_number(key: int, first: int, shape: float) -> tuple[float, int]:
    """Of the gamma distribution (Marsaglia and Tsang 2000); and the first draw not taken.

    first: an even number.
    """
    boost, wanted = 1.0, shape
    draw = first
    if shape < 1.0:
        boost = (1.0 - random_unit(key, draw)) ** (1.0 / shape)
        wanted = shape + 1.0
        draw += 2
    d = wanted - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        normal = random_normal(key, draw // 2)
        v = (1.0 + c * normal) ** 3
        uniform = 1.0 - random_unit(key, draw + 2)
        draw += 4
        if v > 0.0 and math.log(uniform) < 0.5 * normal * normal + d - d * v + d * math.log(v):
            return boost * d * v, draw


@view_op(outputs={"mixup_weight": ((1,), "float32")}, check_bounds=False)
def mixup_weight(view: Any, key: int, mixup_weight: Any, alpha: float = 1.0) -> None:
    """A number of Beta(alpha, alpha), as torchvision's v2.MixUp draws: this view's own weight."""
    mine, draw = gamma_number(key, 0, alpha)
    other, _ = gamma_number(key, draw, alpha)
    mixup_weight[0] = mine / (mine + other) if mine + other > 0.0 else 0.5
