"""What the published recipes draw, counted: rates per view, crops, fallbacks, positions.

Seeds are fixed, so every number is the same in every run. test_augment_draw.py has the
distributions of single fields; here they are those of the recipes, and the shapes are extreme.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from torchvision import transforms

from fastpass.augment import Recipe, ViewParams, ViewSpec, draw, recipes

Views = Sequence[ViewParams]

NUM_SAMPLES = 1500
RATIO = (3 / 4, 4 / 3)
# Critical values: a true hypothesis is refused with probability 0.001.
KS_LIMIT = 1.95
DEVIATIONS = 3.29


@cache
def views_of(name: str) -> list[Views]:
    """All draws of each view of a recipe, of a 500 x 375 source."""
    recipe = recipes.RECIPES[name]()
    samples = [draw(recipe, 375, 500, seed=11, sample_id=i) for i in range(NUM_SAMPLES)]
    return list(zip(*samples, strict=True))


def values_of(views: Views, field: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(view, field) for view in views], float)


def ks_distance(values: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """Two-sample Kolmogorov-Smirnov statistic, scaled so that KS_LIMIT applies."""
    a, b = np.sort(np.asarray(values, float)), np.sort(np.asarray(others, float))
    both = np.concatenate([a, b])
    steps_a = np.searchsorted(a, both, side="right") / len(a)
    steps_b = np.searchsorted(b, both, side="right") / len(b)
    scale = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    return float(np.abs(steps_a - steps_b).max()) * scale


def ks_from_uniform(values: npt.ArrayLike, low: float, high: float) -> float:
    """One-sample statistic against the uniform distribution on [low, high], scaled likewise."""
    unit = (np.sort(np.asarray(values, float)) - low) / (high - low)
    steps = np.arange(len(unit) + 1) / len(unit)
    return float(max((steps[1:] - unit).max(), (unit - steps[:-1]).max())) * math.sqrt(len(unit))


def chi_square(counts: npt.ArrayLike) -> float:
    """Against equally likely cells, as a normal deviate (Wilson and Hilferty 1931)."""
    observed = np.asarray(counts, float)
    degrees = observed.size - 1
    statistic = float(((observed - observed.mean()) ** 2 / observed.mean()).sum())
    spread = 2 / (9 * degrees)
    return ((statistic / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)


def assert_rate(events: npt.ArrayLike, probability: float, what: str) -> None:
    flags = np.asarray(events, float)
    allowed = DEVIATIONS * math.sqrt(probability * (1 - probability) / flags.size)
    assert abs(flags.mean() - probability) <= allowed, (what, flags.mean(), probability)


def test_the_statistics_see_a_difference() -> None:
    """Else all tests below would pass on anything."""
    rng = np.random.default_rng(0)
    uniform = rng.random(NUM_SAMPLES)
    assert ks_from_uniform(uniform, 0, 1) < KS_LIMIT < ks_from_uniform(uniform**1.3, 0, 1)
    assert ks_distance(uniform, rng.random(NUM_SAMPLES)) < KS_LIMIT
    assert ks_distance(uniform, rng.random(NUM_SAMPLES) ** 1.5) > KS_LIMIT
    counts = np.bincount(rng.integers(0, 24, NUM_SAMPLES))
    assert chi_square(counts) < DEVIATIONS
    assert chi_square(counts + 80 * (np.arange(24) == 3)) > DEVIATIONS
    with pytest.raises(AssertionError, match="loaded"):
        assert_rate(uniform < 0.6, 0.5, "loaded")


# Of each view: blur, solarize. Jitter (but for evaluation and rrc) 0.8, grayscale 0.2.
RATES = {
    "dino": [(1.0, 0.0), (0.1, 0.2)] + [(0.5, 0.0)] * 8,
    "dinov2": [(1.0, 0.0), (0.1, 0.2)] + [(0.5, 0.0)] * 8,
    "dinov2_released": [(0.0, 0.0), (0.9, 0.2)] + [(0.5, 0.0)] * 8,
    "moco_v2": [(0.5, 0.0)] * 2,
    "moco_v3": [(1.0, 0.0), (0.1, 0.2)],
    "swav": [(0.5, 0.0)] * 8,
    "simclr": [(0.5, 0.0)] * 2,
    "byol": [(1.0, 0.0), (0.1, 0.2)],
}


def test_every_recipe_has_its_rates() -> None:
    assert RATES.keys() | {"rrc", "evaluation"} == recipes.RECIPES.keys()


@pytest.mark.parametrize("name", RATES)
def test_rates_of_every_view(name: str) -> None:
    for view_id, (views, (blur, solarize)) in enumerate(
        zip(views_of(name), RATES[name], strict=True)
    ):
        where = f"{name}, view {view_id}"
        assert_rate([v.is_flipped for v in views], 0.5, where)
        assert_rate([v.has_jitter for v in views], 0.8, where)
        assert_rate([v.is_grayscale for v in views], 0.2, where)
        assert_rate([v.blur_sigma > 0 for v in views], blur, where)
        assert_rate([v.is_solarized for v in views], solarize, where)


def test_the_choices_of_a_view_are_independent() -> None:
    """Every pair of its events together as often as the product of their rates says."""
    views = views_of("dino")[1]
    events = np.array(
        [
            (v.is_flipped, v.has_jitter, v.is_grayscale, v.blur_sigma > 0, v.is_solarized)
            for v in views
        ]
    )
    for other in (views_of("dino")[0], views_of("dino")[2]):  # and between the views
        events = np.column_stack([events, [v.is_flipped for v in other]])
    correlation = np.corrcoef(events.T.astype(float))
    off_diagonal = correlation[~np.eye(len(correlation), dtype=bool)]
    assert np.abs(off_diagonal).max() < 4.2 / math.sqrt(NUM_SAMPLES)  # of 21 pairs


STRENGTHS = {
    "dino": (0.4, 0.4, 0.2, 0.1),
    "dinov2": (0.4, 0.4, 0.2, 0.1),
    "moco_v2": (0.4, 0.4, 0.4, 0.1),
    "moco_v3": (0.4, 0.4, 0.2, 0.1),
    "swav": (0.8, 0.8, 0.8, 0.2),
    "simclr": (0.8, 0.8, 0.8, 0.2),
    "byol": (0.4, 0.4, 0.2, 0.1),
}


@pytest.mark.parametrize("name", STRENGTHS)
def test_jitter_factors_are_uniform_on_their_ranges(name: str) -> None:
    *factors, hue = STRENGTHS[name]
    ranges = [(1 - strength, 1 + strength) for strength in factors] + [(-hue, hue)]
    views = [view for view in views_of(name)[1] if view.has_jitter]
    fields = ("brightness", "contrast", "saturation", "hue")
    for field, (low, high) in zip(fields, ranges, strict=True):
        values = values_of(views, field)
        assert low - 1e-6 <= values.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < values.max() <= high + 1e-6
        assert ks_from_uniform(values, low, high) < KS_LIMIT, field


@pytest.mark.parametrize("name", sorted(RATES))
def test_blur_sigma_is_uniform(name: str) -> None:
    views = [view for views in views_of(name) for view in views if view.blur_sigma > 0]
    sigma = values_of(views, "blur_sigma")
    assert ks_from_uniform(sigma, 0.1, 2.0) < KS_LIMIT
    assert sigma.min() < 0.12
    assert sigma.max() > 1.98


@pytest.mark.parametrize("name", ["dino", "swav"])
def test_all_24_orders_are_equally_likely_in_every_view(name: str) -> None:
    for views in views_of(name)[:4]:
        counts = Counter(view.jitter_order for view in views if view.has_jitter)
        assert len(counts) == 24
        assert chi_square(list(counts.values())) < DEVIATIONS


# The scale of one view of each recipe that has its own.
SCALES: dict[str, tuple[int, tuple[float, float]]] = {
    "dino": (2, (0.05, 0.4)),
    "dinov2": (0, (0.32, 1.0)),
    "moco_v3": (0, (0.08, 1.0)),
    "swav": (2, (0.05, 0.14)),
}


def torchvision_boxes(
    width: int, height: int, scale: tuple[float, float], count: int
) -> npt.NDArray[np.float64]:
    """(top, left, height, width) of each of ``count`` crops."""
    torch.manual_seed(5)
    image = Image.new("L", (width, height))
    get_params: Callable[..., tuple[int, ...]] = transforms.RandomResizedCrop.get_params
    return np.array([get_params(image, scale, RATIO) for _ in range(count)], float)


def boxes_of(views: Views) -> npt.NDArray[np.float64]:
    return np.array([(v.top, v.left, v.height, v.width) for v in views], float)


def assert_same_distribution(
    ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]
) -> None:
    for what, of in {
        "area": lambda boxes: boxes[:, 2] * boxes[:, 3],
        "aspect": lambda boxes: boxes[:, 3] / boxes[:, 2],
        "top": lambda boxes: boxes[:, 0],
        "left": lambda boxes: boxes[:, 1],
    }.items():
        assert ks_distance(of(ours), of(theirs)) < KS_LIMIT, what


@pytest.mark.parametrize("name", SCALES)
def test_crops_of_recipes_are_torchvision_s(name: str) -> None:
    view_id, scale = SCALES[name]
    ours = boxes_of(views_of(name)[view_id])
    assert_same_distribution(ours, torchvision_boxes(500, 375, scale, NUM_SAMPLES))


def crops(spec: ViewSpec, width: int, height: int, count: int) -> Views:
    recipe = Recipe("crops", (spec,))
    return [draw(recipe, height, width, seed=2, sample_id=i)[0] for i in range(count)]


# Sources so long that a part of the crops is the fallback: 10 tries found no box that fits.
@pytest.mark.parametrize(("width", "height"), [(700, 100), (100, 450), (90, 1000)])
def test_crops_of_panoramas_are_torchvision_s(width: int, height: int) -> None:
    scale = (0.08, 1.0)
    ours = boxes_of(crops(ViewSpec(size=8, scale=scale), width, height, NUM_SAMPLES))
    theirs = torchvision_boxes(width, height, scale, NUM_SAMPLES)
    fallback = theirs[np.argmax(theirs[:, 2] * theirs[:, 3])]
    rates = [(boxes == fallback).all(axis=1).mean() for boxes in (ours, theirs)]
    assert 0.02 < rates[1] < 0.98  # both kinds of crops are there to be compared
    allowed = DEVIATIONS * math.sqrt(2 * rates[1] * (1 - rates[1]) / NUM_SAMPLES)
    assert abs(rates[0] - rates[1]) < allowed
    assert_same_distribution(ours, theirs)


# No box of at least 90 % of these sources has a legal aspect: torchvision draws nothing random.
@pytest.mark.parametrize(
    ("width", "height"), [(3000, 20), (20, 3000), (1, 7), (7, 1), (301, 101), (101, 303), (333, 5)]
)
def test_fallback_boxes_are_torchvision_s(width: int, height: int) -> None:
    scale = (0.9, 1.0)
    theirs = torchvision_boxes(width, height, scale, 5)
    assert (theirs == theirs[0]).all()
    ours = boxes_of(crops(ViewSpec(size=8, scale=scale), width, height, 5))
    np.testing.assert_array_equal(ours, theirs)


def test_positions_are_uniform_to_the_last() -> None:
    """Boxes of 8 x 8 in 12 x 12 pixels: 5 x 5 places, the last column and row included."""
    spec = ViewSpec(size=8, scale=(0.42, 0.47), ratio=(0.98, 1.02))
    views = crops(spec, 12, 12, 2 * NUM_SAMPLES)
    places = [v.top * 5 + v.left for v in views if (v.height, v.width) == (8, 8)]
    assert len(places) > 0.9 * len(views)
    assert chi_square(np.bincount(places, minlength=25)) < DEVIATIONS
