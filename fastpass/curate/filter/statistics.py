"""Columns of image statistics of a whole source: what filters are written on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_choice, require_integer
from fastpass.common.processors import available_processors
from fastpass.common.progress import OnProgress, no_progress
from fastpass.common.thread_pool import thread_pool
from fastpass.curate.check.run import runs_of
from fastpass.curate.filter.pixel_statistics import PIXEL_COLUMNS, compiled_statistics
from fastpass.decode import decode_image, decode_jpeg, probe
from fastpass.errors import BadArgument, FastpassError, ImageTooLarge
from fastpass.pack import Pack
from fastpass.pack.sources import Source

# name -> dtype
COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("width", "height", "num_bytes"), np.int64),
    **dict.fromkeys(PIXEL_COLUMNS, np.float64),
}

_LEAST_SIDE = 64  # pixels that the shorter side keeps
_IMAGES_AT_ONCE = 16  # per thread

Array = npt.NDArray[Any]


class ImageStatistics(dict[str, Array]):
    """Columns by their names, with one row per image, and what is wrong with which image.

    errors: row -> error. sample_keys: of each row.
    """

    def __init__(self, columns: dict[str, Array], sample_keys: list[str]) -> None:
        super().__init__(columns)
        self.sample_keys = sample_keys
        self.errors: dict[int, FastpassError] = {}


def image_statistics(
    source: Source | Pack,
    threads: int | None = None,
    columns: Sequence[str] | None = None,
    *,
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    on_progress: OnProgress = no_progress,
    **reading: Any,
) -> ImageStatistics:
    """Measure every image of ``source``: NumPy columns with one row per sample, in its order.

    - ``width``, ``height``: int64, pixels as stored (EXIF is not applied), from ``probe``.
    - ``num_bytes``: int64, of the encoded image.
    - ``brightness``: mean luma, 0 to 255. ``contrast``: its standard deviation. ``entropy``: of its
      histogram with 256 bins, bits. Luma is that of Pillow: 0.299 R + 0.587 G + 0.114 B, rounded.
    - ``sharpness``: variance of the 3 x 3 Laplacian of luma (4 neighbors) over the pixels that have
      all of them; 0 without such pixels.
    - ``colorfulness``: of Hasler and Suesstrunk, "Measuring colourfulness in natural images", 2003.

    These five are float64, measured on a small copy: 1/8, 1/4, 1/2 or 1/1 of the size, whichever is
    the smallest with a shorter side of at least 64 pixels (1/1 for smaller images). JPEGs are
    scaled in the DCT domain; of other formats squares of pixels are averaged. So ``sharpness``
    is about an image at a shorter side of 64 to 127 pixels, or at 1/8 of a larger one.

    Args:
        source: whatever ``Pack`` takes, or a ``Pack``.
        threads: default: every processor this process may use.
        columns: names of those wanted. None: all. Without one of pixels no image is decoded.
        max_pixels: images that declare more are refused.
        reading: options of ``Pack``, where ``source`` is none: layout, image, keep, ...

    An image that is damaged or not supported has its error in ``ImageStatistics.errors``, NaN in
    the columns of pixels, and -1 in those of integers where they are not known.

    Raises BadArgument, BadPack; MissingBackend where pixels are measured without numba.
    """
    names = list(COLUMNS) if columns is None else list(dict.fromkeys(columns))
    for name in names:
        require_choice("columns", name, list(COLUMNS))
    threads = available_processors() if threads is None else threads
    threads = require_integer("threads", threads, 1, 1024)
    measure = compiled_statistics() if set(names) & set(PIXEL_COLUMNS) else None
    if isinstance(source, Pack) and reading:
        raise BadArgument(f"{', '.join(reading)} came with a Pack: give them to Pack() itself")
    opened = nullcontext(source) if isinstance(source, Pack) else Pack(source, **reading)
    with opened as pack, thread_pool(threads) as pool:
        arrays = {
            name: np.full(len(pack), -1 if dtype is np.int64 else np.nan, dtype=dtype)
            for name, dtype in COLUMNS.items()
        }
        found = ImageStatistics({name: arrays[name] for name in names}, list(pack.sample_keys))
        for rows in runs_of(len(pack), threads * _IMAGES_AT_ONCE):
            errors = pool.map(lambda row: _measure(pack, row, arrays, measure, max_pixels), rows)
            found.errors |= {
                row: error for row, error in zip(rows, errors, strict=True) if error is not None
            }
            on_progress("measuring", rows.stop, len(pack))
    return found


def _measure(
    pack: Pack, row: int, arrays: dict[str, Array], measure: Any, max_pixels: int
) -> FastpassError | None:
    """Fill one row; what is wrong with the image."""
    try:
        data = pack[row].data
        arrays["num_bytes"][row] = len(data)
        info = probe(data)
        arrays["width"][row], arrays["height"][row] = info.width, info.height
        if info.width * info.height > max_pixels:
            raise ImageTooLarge(
                f"it declares {info.width} x {info.height} pixels, the budget is {max_pixels}"
            )
        if measure is not None:
            values = measure(*_small_pixels(data, info, max_pixels))
            for name, value in zip(PIXEL_COLUMNS, values, strict=True):
                arrays[name][row] = value
    except FastpassError as error:
        return error
    return None


def _small_pixels(data: memoryview, info: Any, max_pixels: int) -> tuple[Array, int]:
    """The pixels, and the side of the squares that are still to be averaged."""
    shorter = min(info.width, info.height)
    denominator = next((d for d in (8, 4, 2) if -(-shorter // d) >= _LEAST_SIDE), 1)
    if info.format == "jpeg":
        small = decode_jpeg(data, scale_denominator=denominator, max_pixels=max_pixels)
        return small, 1
    return np.ascontiguousarray(decode_image(data, max_pixels=max_pixels)), denominator
