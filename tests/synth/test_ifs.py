"""Every sampled system contracts, keeps its sum of singular values, and draws its own attractor."""

from __future__ import annotations

import numpy as np
import pytest

from fastpass.synth.ifs import (
    MAX_SINGULAR_VALUE,
    IteratedFunctionSystem,
    sample_singular_values,
    sample_system,
    vary_system,
)


def _systems(count: int) -> list[IteratedFunctionSystem]:
    return [sample_system(np.random.default_rng([1, index])) for index in range(count)]


def test_every_map_is_a_contraction_by_numpys_own_svd() -> None:
    for index, system in enumerate(_systems(500)):
        varied = vary_system(system, np.random.default_rng(index), 0.2)
        for parts in (system.linear_parts(), varied.linear_parts()):
            largest = np.linalg.svd(parts, compute_uv=False).max()
            assert largest <= MAX_SINGULAR_VALUE + 1e-9


def test_linear_parts_have_the_singular_values_they_were_built_from() -> None:
    for system in _systems(50):
        measured = np.linalg.svd(system.linear_parts(), compute_uv=False)
        np.testing.assert_allclose(measured, system.sigma, atol=1e-12)


def test_sigma_factor_lies_in_the_papers_range() -> None:
    factors: dict[int, list[float]] = {2: [], 3: [], 4: []}
    for system in _systems(600):
        factors[system.num_maps].append(system.sigma_factor)
    for num_maps, values in factors.items():
        low, high = 0.5 * (5 + num_maps), 0.5 * (6 + num_maps)
        assert low - 1e-9 <= min(values) < low + 0.1
        assert high - 0.1 < max(values) <= high + 1e-9


@pytest.mark.parametrize(("num_maps", "factor"), [(2, 0.1), (2, 5.8), (3, 4.0), (8, 7.0)])
def test_singular_values_meet_any_possible_sum(num_maps: int, factor: float) -> None:
    for seed in range(100):
        sigma = sample_singular_values(np.random.default_rng(seed), num_maps, factor)
        assert np.isclose(sigma[:, 0].sum() + 2 * sigma[:, 1].sum(), factor)
        assert (sigma[:, 0] >= sigma[:, 1] - 1e-12).all()
        assert (sigma >= -1e-12).all()
        assert sigma.max() <= MAX_SINGULAR_VALUE + 1e-9


def test_probabilities_follow_the_areas_with_a_floor() -> None:
    for system in _systems(100):
        probabilities = system.probabilities()
        areas = np.abs(np.linalg.det(system.linear_parts()))
        assert np.isclose(probabilities.sum(), 1.0)
        assert probabilities.min() > 0.015
        assert np.argmax(probabilities) == np.argmax(areas)


def test_the_chaos_game_stays_on_the_sierpinski_triangle() -> None:
    """A system with a known attractor: no point of it lies in the open middle triangle."""
    from fastpass.synth import chaos

    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    maps = np.concatenate([np.tile([0.5, 0.0, 0.0, 0.5], (3, 1)), 0.5 * corners], axis=1)
    choices = (np.arange(chaos.NUM_CHOICES) * 3 // chaos.NUM_CHOICES).astype(np.uint8)
    points = chaos.trace(maps, choices, np.uint64(9), 20000)
    x, y = points.T
    assert (x + y <= 1 + 1e-9).all()
    assert min(x.min(), y.min()) >= -1e-9
    assert not ((x < 0.499) & (y < 0.499) & (x + y > 0.501)).any()
    for share in (np.mean(x > 0.5), np.mean(y > 0.5), np.mean(x + y < 0.5)):
        assert 0.32 < share < 0.35  # every map is used equally
