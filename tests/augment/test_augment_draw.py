"""Drawing: a function of (seed, epoch, sample_id, view) alone, distributed as torchvision draws."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from draw_reference import ReferenceDraws, philox4x32_10, reference_draw
from PIL import Image
from torchvision import transforms

from fastpass.augment import Blur, Jitter, Recipe, ViewParams, ViewSpec, draw, recipes

NUM_DRAWS = 6000


def test_philox_known_answers() -> None:
    # The vectors of Random123, the authors' own library.
    ones = 0xFFFFFFFF
    assert philox4x32_10((0, 0, 0, 0), (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert philox4x32_10((ones,) * 4, (ones, ones)) == (
        0x408F276D,
        0x41C83B0E,
        0xA20BC7C6,
        0x6D5451FD,
    )


@pytest.mark.parametrize("name", sorted(set(recipes.RECIPES) - {"evaluation"}))
def test_every_draw_has_its_documented_number(name: str) -> None:
    recipe = recipes.RECIPES[name]()
    sources = [(500, 375), (20, 900), (900, 20), (1, 1), (3, 2), (65535, 65535)]
    identities = [
        (0, 0, 0),
        (1, 2, 3),
        (2**64 - 1, 2**32 - 1, 2**63 - 1),
        (5, 6, -1),
        (9, 0, -(2**63)),
    ]
    for width, height in sources:
        for seed, epoch, sample_id in identities:
            drawn = draw(recipe, height, width, seed=seed, epoch=epoch, sample_id=sample_id)
            for view_id, (spec, params) in enumerate(zip(recipe.views, drawn, strict=True)):
                draws = ReferenceDraws(seed, epoch, sample_id, view_id)
                assert params == reference_draw(spec, width, height, draws)


def test_a_view_depends_on_seed_epoch_sample_and_place_only() -> None:
    recipe = recipes.dino()
    first = draw(recipe, 375, 500, seed=1, epoch=2, sample_id=3)
    draw(recipe, 300, 400, seed=9)  # what was drawn in between does not matter
    assert draw(recipe, 375, 500, seed=1, epoch=2, sample_id=3) == first
    for change in ({"seed": 8}, {"epoch": 8}, {"sample_id": 8}):
        other = draw(recipe, 375, 500, **{"seed": 1, "epoch": 2, "sample_id": 3, **change})
        assert all(a != b for a, b in zip(first, other, strict=True))
    assert len(set(first[2:])) == 8  # eight equal specs, eight different views
    shorter = Recipe("shorter", recipe.views[:4])
    assert draw(shorter, 375, 500, seed=1, epoch=2, sample_id=3) == first[:4]


def test_one_choice_does_not_shift_another() -> None:
    full = recipes.dino().views[1]
    bare = replace(full, jitter=None, blur=None, solarize=0.0, flip=0.0)
    for sample_id in range(50):
        (a,) = draw(Recipe("full", (full,)), 375, 500, seed=0, sample_id=sample_id)
        (b,) = draw(Recipe("bare", (bare,)), 375, 500, seed=0, sample_id=sample_id)
        assert (a.top, a.left, a.height, a.width) == (b.top, b.left, b.height, b.width)
        assert a.is_grayscale == b.is_grayscale


def drawn_many(spec: ViewSpec, width: int = 500, height: int = 375) -> list[ViewParams]:
    recipe = Recipe("test", (spec,))
    return [draw(recipe, height, width, seed=4, sample_id=i)[0] for i in range(NUM_DRAWS)]


def ks_statistic(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Two-sample Kolmogorov-Smirnov, scaled: above 1.95 with probability 0.001."""
    a, b = np.sort(np.asarray(a, float)), np.sort(np.asarray(b, float))
    both = np.concatenate([a, b])
    distance = np.abs(
        np.searchsorted(a, both, side="right") / len(a)
        - np.searchsorted(b, both, side="right") / len(b)
    ).max()
    return float(distance * np.sqrt(len(a) * len(b) / (len(a) + len(b))))


def ks_uniform(values: npt.ArrayLike, low: float, high: float) -> float:
    """One sample against the uniform distribution, scaled likewise."""
    u = (np.sort(np.asarray(values, float)) - low) / (high - low)
    steps = np.arange(len(u) + 1) / len(u)
    return float(max((steps[1:] - u).max(), (u - steps[:-1]).max()) * np.sqrt(len(u)))


@pytest.mark.parametrize("scale", [(0.08, 1.0), (0.05, 0.4), (0.4, 1.0)])
@pytest.mark.parametrize(("width", "height"), [(500, 375), (200, 900)])
def test_crops_are_distributed_as_torchvision_s(
    scale: tuple[float, float], width: int, height: int
) -> None:
    ours = drawn_many(ViewSpec(size=224, scale=scale), width, height)
    torch.manual_seed(0)
    image = Image.new("RGB", (width, height))
    theirs = [
        transforms.RandomResizedCrop.get_params(image, scale, (3 / 4, 4 / 3))
        for _ in range(NUM_DRAWS)
    ]
    top, left, crop_height, crop_width = np.array(theirs, float).T
    area = [p.height * p.width for p in ours]
    assert ks_statistic(area, crop_height * crop_width) < 1.95
    assert ks_statistic([p.width / p.height for p in ours], crop_width / crop_height) < 1.95
    assert ks_statistic([p.top for p in ours], top) < 1.95
    assert ks_statistic([p.left for p in ours], left) < 1.95


def test_every_position_is_taken() -> None:
    views = drawn_many(ViewSpec(size=8, scale=(0.2, 0.3), ratio=(0.99, 1.01)), 8, 8)
    boxes = {(view.top, view.left) for view in views if (view.height, view.width) == (4, 4)}
    assert boxes == {(top, left) for top in range(5) for left in range(5)}


def test_rates_of_events() -> None:
    spec = replace(recipes.dino().views[1], flip=0.5, grayscale=0.2, solarize=0.35)
    spec = replace(spec, blur=Blur(0.1), jitter=Jitter(probability=0.8))
    views = drawn_many(spec)
    rates = {
        0.5: np.mean([v.is_flipped for v in views]),
        0.2: np.mean([v.is_grayscale for v in views]),
        0.35: np.mean([v.is_solarized for v in views]),
        0.1: np.mean([v.blur_sigma > 0 for v in views]),
        0.8: np.mean([v.has_jitter for v in views]),
    }
    for probability, rate in rates.items():
        deviation = np.sqrt(probability * (1 - probability) / NUM_DRAWS)
        assert abs(rate - probability) < 3.5 * deviation, probability


def events(view: ViewParams) -> tuple[bool, ...]:
    return view.is_flipped, view.has_jitter, view.is_grayscale, view.is_solarized


def test_probabilities_0_and_1_are_never_and_always() -> None:
    never = ViewSpec(size=8, flip=0.0, jitter=Jitter(probability=0.0), blur=Blur(0.0))
    always = ViewSpec(
        size=8,
        flip=1.0,
        grayscale=1.0,
        solarize=1.0,
        jitter=Jitter(probability=1.0),
        blur=Blur(1.0),
    )
    for view in drawn_many(never):
        assert events(view) == (False,) * 4
        assert view.blur_sigma == 0
    for view in drawn_many(always):
        assert events(view) == (True,) * 4
        assert view.blur_sigma > 0


def test_jitter_values_and_blur_sigma() -> None:
    spec = ViewSpec(size=8, jitter=Jitter(0.4, 1.5, 0.2, 0.1, probability=1.0), blur=Blur(1.0))
    views = drawn_many(spec)
    for name, low, high in (
        ("brightness", 0.6, 1.4),
        ("contrast", 0.0, 2.5),
        ("saturation", 0.8, 1.2),
        ("hue", -0.1, 0.1),
        ("blur_sigma", 0.1, 2.0),
    ):
        values = [getattr(view, name) for view in views]
        assert low - 1e-6 <= min(values)
        assert max(values) <= high + 1e-6
        assert ks_uniform(values, low, high) < 1.95, name


def test_all_24_jitter_orders_are_equally_likely() -> None:
    views = drawn_many(ViewSpec(size=8, jitter=Jitter(probability=1.0)))
    counts = Counter(view.jitter_order for view in views)
    assert len(counts) == 24
    expected = NUM_DRAWS / 24
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_square < 49.7  # 23 degrees of freedom: above with probability 0.001


def test_a_strength_of_0_leaves_its_step_out() -> None:
    for view in drawn_many(ViewSpec(size=8, jitter=Jitter(0, 0, 0, 0, probability=1.0))):
        assert (view.brightness, view.contrast, view.saturation, view.hue) == (1, 1, 1, 0)
