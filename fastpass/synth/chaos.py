"""The chaos game and the pixel loops of synth, compiled by Numba on first use.

This module imports numba: import it inside functions only. The compiled code is cached beside this
file (or in Numba's user cache when that is read-only). No ``fastmath``: pixels depend on the seed
alone, not on how a compiler reorders sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
UInt8 = NDArray[np.uint8]

WARM_UP = 32  # steps until a point is on the attractor to within a pixel
# A look-up table picks the next map: comparing with cumulative probabilities costs a mispredicted
# branch per point, which is half of the time.
NUM_CHOICES = 4096
CHOICE_SHIFT = np.uint64(64 - 12)


@njit(nogil=True, cache=True)
def _next(state: Any) -> Any:
    """One step of xorshift64 (Marsaglia 2003); state: nonzero uint64."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state


@njit(nogil=True, cache=True)
def trace(maps: Any, choices: Any, seed: Any, num_points: int) -> Any:
    """Points of the attractor, float64 [num_points, 2].

    maps: float64 [N, 6], rows (a, b, c, d, e, f) of x' = a x + b y + e, y' = c x + d y + f.
    choices: uint8 [NUM_CHOICES], a map index per equally likely draw. seed: nonzero uint64.
    """
    points = np.empty((num_points, 2))
    state = seed
    x, y = 0.0, 0.0
    for step in range(-WARM_UP, num_points):
        state = _next(state)
        m = choices[state >> CHOICE_SHIFT]
        x, y = (
            maps[m, 0] * x + maps[m, 1] * y + maps[m, 4],
            maps[m, 2] * x + maps[m, 3] * y + maps[m, 5],
        )
        if step >= 0:
            points[step, 0] = x
            points[step, 1] = y
    return points


@njit(nogil=True, cache=True)
def accumulate(maps: Any, choices: Any, seed: Any, num_points: int, size: int) -> Any:
    """Play the chaos game in pixel coordinates.

    Returns (counts, tints), each float32 [size, size]: how many points fell on a pixel, and the
    sum of their tints. A point's tint in [0, 1) halves towards its map's own at every step, so it
    tells in which branch of the fractal the point lies (the coloring of Draves' fractal flames).
    """
    counts = np.zeros((size, size), np.float32)
    tints = np.zeros((size, size), np.float32)
    step_tint = 1.0 / len(maps)
    state = seed
    x, y, tint = 0.5 * size, 0.5 * size, 0.5
    for step in range(-WARM_UP, num_points):
        state = _next(state)
        m = choices[state >> CHOICE_SHIFT]
        x, y = (
            maps[m, 0] * x + maps[m, 1] * y + maps[m, 4],
            maps[m, 2] * x + maps[m, 3] * y + maps[m, 5],
        )
        tint = 0.5 * (tint + (m + 0.5) * step_tint)
        if step >= 0 and 0.0 <= x < size and 0.0 <= y < size:
            row, column = int(y), int(x)
            counts[row, column] += np.float32(1.0)
            tints[row, column] += np.float32(tint)
    return counts, tints


@njit(nogil=True, cache=True)
def coverage(counts: Any, num_cells: int) -> Any:
    """Share of the cells of a num_cells x num_cells grid that hold a point.

    Counted on a grid of its own, because the share of the pixels shrinks as pictures grow.
    """
    size = counts.shape[0]
    cells = np.zeros((num_cells, num_cells), np.uint8)
    for row in range(size):
        for column in range(size):
            if counts[row, column] > 0.0:
                cells[row * num_cells // size, column * num_cells // size] = 1
    return cells.sum() / (num_cells * num_cells)


@njit(nogil=True, cache=True)
def plasma(grid: Any, size: int, out: Any) -> None:
    """Add the smooth interpolation of grid [n, n] (n >= 2), stretched over [size, size], to out."""
    cells = grid.shape[0] - 1
    places = np.empty(size, np.int64)
    parts = np.empty(size, np.float32)
    for index in range(size):
        position = (index + 0.5) * cells / size
        places[index] = min(int(position), cells - 1)
        part = position - places[index]
        parts[index] = part * part * (3.0 - 2.0 * part)  # smoothstep: no visible grid lines
    line = np.empty(cells + 1, np.float32)
    for row in range(size):
        top = places[row]
        for knot in range(cells + 1):
            line[knot] = grid[top, knot] + parts[row] * (grid[top + 1, knot] - grid[top, knot])
        for column in range(size):
            left = places[column]
            out[row, column] += line[left] + parts[column] * (line[left + 1] - line[left])


@njit(nogil=True, cache=True)
def compose(counts: Any, tints: Any, opacity: Any, palette: Any, field: Any, ground: Any) -> Any:
    """Paint the fractal over its background: uint8 [size, size, 3], RGB.

    opacity: float32 [M], by count (the last entry serves all higher counts). palette, ground:
    float32 [256, 3] in 0..255, by mean tint and by ``field`` (float32 [size, size] in [0, 1]).
    """
    height, width = counts.shape
    image = np.empty((height, width, 3), np.uint8)
    last = len(opacity) - 1
    for row in range(height):
        for column in range(width):
            count = counts[row, column]
            back = ground[int(min(max(field[row, column], 0.0), 1.0) * 255.0)]
            alpha = opacity[min(int(count), last)]
            ink = palette[int(tints[row, column] / max(count, 1.0) * 255.0)]
            for channel in range(3):
                value = back[channel] + alpha * (ink[channel] - back[channel])
                image[row, column, channel] = np.uint8(min(max(value + 0.5, 0.0), 255.0))
    return image
