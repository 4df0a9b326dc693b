"""Random iterated function systems that always draw something.

An iterated function system (IFS) is a handful of contractive affine maps of the plane; its
attractor is the fractal. Sampling follows Anderson and Farrell, "Improving Fractal Pre-training",
WACV 2022, section 3: each linear part is written as its singular value decomposition, and the
weighted sum of singular values ``sigma_factor`` is drawn from the narrow range in which attractors
are neither dust nor a filled blob.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

# The paper allows anything below 1; a margin keeps every map a strict contraction after an
# instance has varied it, and keeps attractors from stretching into near-lines.
MAX_SINGULAR_VALUE = 0.97
MIN_MAPS, MAX_MAPS = 2, 4
# A map that almost never fires would leave holes at any affordable number of points.
MIN_PROBABILITY = 0.02
HUE_SPREAD = 0.05  # turns, standard deviation between the instances of a class


@dataclass(frozen=True)
class IteratedFunctionSystem:
    """N affine maps x -> A x + b with A = R(theta) diag(sigma) R(phi) diag(signs).

    theta, phi: float64 [N], radians. sigma: float64 [N, 2], descending, below 1.
    signs: float64 [N, 2], each -1 or 1. translation: float64 [N, 2].
    hue: of the figure, in turns: a class has a color as leaves and birds have, but not for itself
    alone, and its instances vary.
    """

    theta: NDArray[np.float64]
    phi: NDArray[np.float64]
    sigma: NDArray[np.float64]
    signs: NDArray[np.float64]
    translation: NDArray[np.float64]
    hue: float

    @property
    def num_maps(self) -> int:
        return len(self.theta)

    @property
    def sigma_factor(self) -> float:
        """Sum over the maps of sigma_1 + 2 sigma_2."""
        return float(self.sigma[:, 0].sum() + 2.0 * self.sigma[:, 1].sum())

    def linear_parts(self) -> NDArray[np.float64]:
        """A of every map: float64 [N, 2, 2]."""
        scaled = self.sigma[:, :, None] * _rotations(self.phi)
        parts: NDArray[np.float64] = _rotations(self.theta) @ scaled * self.signs[:, None, :]
        return parts

    def probabilities(self) -> NDArray[np.float64]:
        """How often the chaos game picks each map: float64 [N], proportional to abs(det A)."""
        areas = self.sigma[:, 0] * self.sigma[:, 1]
        weights = np.maximum(areas, MIN_PROBABILITY * areas.sum())
        normalized: NDArray[np.float64] = weights / weights.sum()
        return normalized


def _rotations(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=-2)


def sample_singular_values(
    rng: np.random.Generator, num_maps: int, sigma_factor: float
) -> NDArray[np.float64]:
    """Singular values [N, 2], descending, with sum(sigma_1 + 2 sigma_2) = sigma_factor.

    Every draw is uniform over what still lets the remaining maps reach the sum, so nothing has to
    be rejected. ``sigma_factor`` must lie in (0, 3 * num_maps * MAX_SINGULAR_VALUE).
    """
    top = MAX_SINGULAR_VALUE
    sigma = np.empty((num_maps, 2))
    left = sigma_factor
    for index in range(num_maps):
        # What this map must contribute at least, as the others can take 3 * top each at most.
        needed = max(0.0, left - 3.0 * top * (num_maps - 1 - index))
        if index < num_maps - 1:
            first = rng.uniform(needed / 3.0, min(top, left))
            low, high = max(0.0, (needed - first) / 2.0), min(first, (left - first) / 2.0)
            second = rng.uniform(low, high)
        else:
            second = rng.uniform(max(0.0, (left - top) / 2.0), left / 3.0)
            first = left - 2.0 * second
        sigma[index] = first, second
        left -= first + 2.0 * second
    return rng.permutation(sigma)  # the last map is drawn differently: no map is special


def sample_system(rng: np.random.Generator) -> IteratedFunctionSystem:
    """Draw one system of 2 to 4 maps, sigma_factor uniform in [(5 + N) / 2, (6 + N) / 2]."""
    num_maps = int(rng.integers(MIN_MAPS, MAX_MAPS + 1))
    sigma_factor = rng.uniform(0.5 * (5 + num_maps), 0.5 * (6 + num_maps))
    return IteratedFunctionSystem(
        theta=rng.uniform(-np.pi, np.pi, num_maps),
        phi=rng.uniform(-np.pi, np.pi, num_maps),
        sigma=sample_singular_values(rng, num_maps, sigma_factor),
        signs=rng.choice(np.array([-1.0, 1.0]), (num_maps, 2)),
        translation=rng.uniform(-1.0, 1.0, (num_maps, 2)),
        hue=rng.random(),
    )


def vary_system(
    system: IteratedFunctionSystem, rng: np.random.Generator, strength: float
) -> IteratedFunctionSystem:
    """A close relative of ``system``: the same class, another instance.

    strength: standard deviation of the angles in radians, of the singular values relative to
    themselves and of the translations in their own unit (drawn in [-1, 1]).
    """
    count = system.num_maps
    factors = 1.0 + strength * np.clip(rng.standard_normal((count, 2)), -2.0, 2.0)
    sigma = np.minimum(system.sigma * factors, MAX_SINGULAR_VALUE)
    return replace(
        system,
        theta=system.theta + strength * rng.standard_normal(count),
        phi=system.phi + strength * rng.standard_normal(count),
        sigma=-np.sort(-sigma, axis=1),
        translation=system.translation + strength * rng.standard_normal((count, 2)),
        hue=system.hue + HUE_SPREAD * rng.standard_normal(),
    )
