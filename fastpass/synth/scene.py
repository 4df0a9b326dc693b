"""One picture: a fractal, placed, colored and laid over a background, all drawn from one generator.

Shape tells the class, and in part the figure's hue; lightness, background, size, place, rotation
and mirroring are drawn anew for every picture.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastpass.synth.ifs import IteratedFunctionSystem

MAX_ROTATION = np.pi / 9  # radians, either way
SIZE_RANGE = (0.80, 1.10)  # long side of the fractal over the side of the picture
POINTS_PER_PIXEL = 3  # of the picture: dense enough for solid regions, ~2 ms at 256 px
COVERAGE_CELLS = 64
PILOT_POINTS = 2048
# Lightness of 1. The ranges stay apart, so that every figure can be seen.
DARK_RANGE, LIGHT_RANGE = (0.10, 0.35), (0.60, 0.88)
HUE_RANGE = 0.05  # turns, standard deviation within one figure


@dataclass(frozen=True)
class Picture:
    """image: uint8 [size, size, 3], RGB. coverage: share of a 64 x 64 grid the fractal touches."""

    image: NDArray[np.uint8]
    coverage: float


def draw_picture(system: IteratedFunctionSystem, rng: np.random.Generator, size: int) -> Picture:
    """Render ``system`` as a picture of size x size pixels; everything else comes from ``rng``."""
    from fastpass.synth import chaos

    seed = np.uint64(rng.integers(1, 2**63))
    maps, choices = _place(system, rng, seed, size)
    counts, tints = chaos.accumulate(maps, choices, seed, POINTS_PER_PIXEL * size * size, size)
    field = np.zeros((size, size), np.float32)
    for cells, weight in _octaves(rng):
        chaos.plasma(rng.uniform(-weight, weight, (cells + 1, cells + 1)), size, field)
    field += np.float32(0.5)
    figure, ground = _palettes(system.hue, rng)
    image = chaos.compose(counts, tints, _opacity(counts, rng), figure, field, ground)
    return Picture(image=image, coverage=float(chaos.coverage(counts, min(size, COVERAGE_CELLS))))


def affine_rows(system: IteratedFunctionSystem) -> NDArray[np.float64]:
    """The maps as rows (a, b, c, d, e, f): float64 [N, 6], as ``chaos`` wants them."""
    return np.concatenate(
        [system.linear_parts().reshape(-1, 4), system.translation], axis=1
    ).astype(np.float64)


def choice_table(system: IteratedFunctionSystem) -> NDArray[np.uint8]:
    """uint8 [NUM_CHOICES]: map m fills its probability's share of the table, in order."""
    from fastpass.synth import chaos

    draws = (np.arange(chaos.NUM_CHOICES) + 0.5) / chaos.NUM_CHOICES
    chosen = np.searchsorted(np.cumsum(system.probabilities()), draws)
    return np.minimum(chosen, system.num_maps - 1).astype(np.uint8)


def _place(
    system: IteratedFunctionSystem, rng: np.random.Generator, seed: np.uint64, size: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """The same system with pixel coordinates as its plane: rotated, mirrored, fitted, shifted.

    With x the plane and p = V x + t the picture, p' = V A V^-1 p + (V b + t - V A V^-1 t).
    """
    from fastpass.synth import chaos

    choices = choice_table(system)
    angle = rng.uniform(-MAX_ROTATION, MAX_ROTATION)
    mirror = rng.choice([-1.0, 1.0])
    cos, sin = np.cos(angle), np.sin(angle)
    view = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
    pilot = chaos.trace(affine_rows(system), choices, seed, PILOT_POINTS) @ view.T
    low, high = np.quantile(pilot, [0.01, 0.99], axis=0)  # stray tips may leave the picture
    extent = max(float((high - low).max()), 1e-6)
    scale = rng.uniform(*SIZE_RANGE) * size / extent
    slack = np.maximum(size - scale * (high - low), 0.1 * size)
    center = 0.5 * size + rng.uniform(-0.5, 0.5, 2) * slack
    view = view * scale
    shift = center - scale * 0.5 * (low + high)
    linear = view @ system.linear_parts() @ np.linalg.inv(view)
    offset = system.translation @ view.T + shift - linear @ shift
    return np.concatenate([linear.reshape(-1, 4), offset], axis=1), choices


def _octaves(rng: np.random.Generator) -> list[tuple[int, float]]:
    """(cells, amplitude) of the background's layers: from a smooth sky to rough ground."""
    persistence = rng.uniform(0.3, 0.8)
    weights = [persistence**level for level in range(5)]
    total = sum(weights)
    return [(2 << level, 0.9 * weight / total) for level, weight in enumerate(weights)]


def _opacity(counts: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Opacity by count: 0 where no point fell, rising with the logarithm of the density."""
    hit = counts[counts > 0]
    dense = float(np.quantile(hit, 0.95)) if hit.size else 1.0
    levels = np.arange(int(dense) + 2, dtype=np.float32)
    faintest = rng.uniform(0.35, 0.75)
    opacity = faintest + (1.0 - faintest) * np.log1p(levels) / np.log1p(max(dense, 1.0))
    opacity[0] = 0.0
    clipped: NDArray[np.float32] = np.minimum(opacity, 1.0).astype(np.float32)
    return clipped


def _palettes(
    hue: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(figure, ground), each float32 [256, 3]: a light ramp near ``hue``, a dark and muted one."""
    figure = _ramp(rng, hue + rng.normal(0.0, HUE_RANGE, 3), LIGHT_RANGE, (0.5, 1.0))
    ground = _ramp(rng, rng.random(3), DARK_RANGE, (0.0, 0.4))
    return figure, ground


def _ramp(
    rng: np.random.Generator,
    hues: NDArray[np.float64],
    lightness: tuple[float, float],
    saturation: tuple[float, float],
) -> NDArray[np.float32]:
    stops = [
        colorsys.hls_to_rgb(hue % 1.0, rng.uniform(*lightness), rng.uniform(*saturation))
        for hue in hues
    ]
    grid = np.linspace(0.0, 2.0, 256)
    channels = [np.interp(grid, [0.0, 1.0, 2.0], column) for column in np.array(stops).T]
    return (255.0 * np.stack(channels, axis=1)).astype(np.float32)
