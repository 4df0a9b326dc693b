"""Operations on views that tests use, found by recipes as "support.view_operations:NAME"."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastpass as fp

LEVEL = 7
TABLE = np.arange(256, dtype=np.uint8)[::-1].copy()


def corner(key: int, size: int) -> int:
    """A function that operations call."""
    return fp.random_below(key, 0, size - 2)


@fp.view_op
def paint(view: Any, key: int, level: int = LEVEL) -> None:
    place = corner(key, view.shape[0])
    view[place : place + 2, place : place + 2] = level


@fp.view_op
def invert(view: Any, key: int) -> None:
    for y in range(view.shape[0]):
        for x in range(view.shape[1]):
            for channel in range(3):
                view[y, x, channel] = TABLE[view[y, x, channel]]


@fp.view_op(normalized=True, outputs={"scale": ((2, 1), "float32")})
def dim(view: Any, key: int, scale: Any) -> None:
    scale[1, 0] = fp.random_unit(key, 5)
    view[:] = view * scale[1, 0]


@fp.view_op(outputs={"own_key": ((1,), "int64"), "is_even": ((1,), "bool")})
def tell_key(view: Any, key: int, own_key: Any, is_even: Any) -> None:
    own_key[0] = key >> 1
    is_even[0] = key % 2 == 0


@fp.view_op
def raise_at_times(view: Any, key: int) -> None:
    if fp.random_unit(key, 0) < 0.25:
        raise ValueError("one of four")


@fp.view_op
def write_beyond(view: Any, key: int) -> None:
    view[view.shape[0] + 3, 0, 0] = 1
