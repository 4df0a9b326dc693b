"""Codes as native code takes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.errors import BadArgument

MAX_CODES = 2**32 - 2
MAX_CODE_BYTES = 1024


def code_words(codes: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """uint8 ``[N, bytes]`` as uint64 ``[N, bytes / 8]``; without a copy where that can be."""
    array = np.asarray(codes)
    if array.dtype != np.uint8 or array.ndim != 2:
        raise BadArgument(
            f"codes are {array.dtype} {list(array.shape)}, wanted uint8 [number, bytes]"
        )
    if array.shape[1] % 8 != 0 or not 0 < array.shape[1] <= MAX_CODE_BYTES:
        raise BadArgument(
            f"codes of {array.shape[1]} bytes, wanted a multiple of 8 up to {MAX_CODE_BYTES}"
        )
    if array.shape[0] > MAX_CODES:
        raise BadArgument(f"{array.shape[0]} codes, wanted at most {MAX_CODES}")
    contiguous = np.ascontiguousarray(array)
    if contiguous.ctypes.data % 8 != 0:  # a view into somebody's bytes
        contiguous = contiguous.copy()
    return contiguous.view(np.uint64)


def first_equal(codes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """int64 ``[N]``: of each code the row of the first one that is equal to it."""
    return np.asarray(core.equal_codes(code_words(codes)))
