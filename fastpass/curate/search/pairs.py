"""Pairs of items: codes that are close, images that are near duplicates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastpass.errors import BadArgument


class Pairs(NamedTuple):
    """Close codes, sorted by (first, second)."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    distance: npt.NDArray[np.int32]  # bits

    def __len__(self) -> int:
        return len(self.first)


def item_columns(pairs: Pairs, size: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Both sides of pairs among ``size`` items, as native code takes them.

    Raises BadArgument where they are of two lengths, no whole numbers, or name no item.
    """
    if not isinstance(pairs, Pairs):
        raise BadArgument(f"pairs is a {type(pairs).__name__}, wanted Pairs")
    first = items_of("pairs.first", pairs.first, size)
    second = items_of("pairs.second", pairs.second, size)
    if len(first) != len(second):
        raise BadArgument(
            f"pairs.first has {len(first)} items, pairs.second {len(second)}: wanted as many"
        )
    return first, second


def items_of(name: str, values: npt.ArrayLike, size: int) -> npt.NDArray[np.uint32]:
    """A column of items, each in [0, size). Raises BadArgument."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and len(array)):
        raise BadArgument(
            f"{name} is {array.dtype} {list(array.shape)}, wanted one dimension of integers"
        )
    if len(array) and not (int(array.min()) >= 0 and int(array.max()) < size):
        raise BadArgument(f"{name} names items outside of the {size} that there are")
    return np.ascontiguousarray(array, dtype=np.uint32)
