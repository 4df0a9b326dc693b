"""Whole recipes against Pillow and torchvision, given the same drawn parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from augment_oracle import (
    differences,
    gradient,
    noise,
    one_view_options,
    our_view,
    photos,
    pil_view,
    to_pixels,
    whole,
)
from torchvision import transforms

from fastpass._native import core
from fastpass.augment import Recipe, ViewSpec, draw, recipes, render
from fastpass.augment.native import native_params

MULTI_STEP = ["dino", "moco_v2", "moco_v3", "swav"]


def assert_recipe_matches(recipe: Recipe, pixels: np.ndarray, sample_id: int) -> int:
    """The number of views compared; each must be equal in every byte."""
    height, width = pixels.shape[:2]
    params = draw(recipe, height, width, seed=7, epoch=1, sample_id=sample_id)
    views = render(pixels, recipe, seed=7, epoch=1, sample_id=sample_id, normalize=False)
    for spec, drawn, view in zip(recipe.views, params, views, strict=True):
        largest, mean = differences(to_pixels(view), pil_view(pixels, spec, drawn))
        assert (largest, mean) == (0, 0.0), drawn
    return len(views)


@pytest.mark.parametrize("name", MULTI_STEP)
def test_recipes_on_synthetic_images(name: str) -> None:
    recipe = recipes.RECIPES[name]()
    shapes = [(120, 160), (33, 500), (500, 33), (1, 40), (40, 1), (1, 1), (225, 225)]
    for sample_id, shape in enumerate(shapes):
        assert_recipe_matches(recipe, noise(*shape), sample_id)
        assert_recipe_matches(recipe, gradient(*shape), sample_id + 100)


@pytest.mark.needs_shared
@pytest.mark.parametrize("name", MULTI_STEP)
def test_recipes_on_photos(name: str, shared_data: Path) -> None:
    recipe = recipes.RECIPES[name]()
    num_views = 0
    for sample_id, pixels in enumerate(photos(shared_data, every=8)):
        num_views += assert_recipe_matches(recipe, pixels, sample_id)
    assert num_views >= 2 * 20


def test_the_tests_see_the_smallest_change() -> None:
    pixels = noise(64, 64)
    spec = ViewSpec(size=64)
    changed = pixels.copy()
    changed[10, 20, 1] ^= 1
    params = whole(pixels, 64)
    largest, mean = differences(our_view(changed, spec, params), pil_view(pixels, spec, params))
    assert largest == 1
    assert mean > 0


@pytest.mark.parametrize("name", ["dino", "swav"])
def test_normalisation_equals_torchvision(name: str) -> None:
    recipe = recipes.RECIPES[name]()
    spec = recipe.views[0]
    pixels = gradient(300, 256)
    params = draw(recipe, 300, 256, seed=3)
    theirs = transforms.Compose([transforms.ToTensor(), transforms.Normalize(spec.mean, spec.std)])(
        pil_view(pixels, spec, params[0]).copy()
    )
    ours = render(pixels, recipe, seed=3)[0]
    assert ours.dtype == np.float32
    assert ours.shape == (3, spec.size, spec.size)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-6)


def test_narrow_formats_equal_torch() -> None:
    pixels = gradient(64, 64)
    # The second channel is about 3 * value: many ties for bfloat16. The others leave the range of
    # float16 at either end.
    spec = core.ViewSpec()
    spec.size, spec.mean, spec.std = 64, (0.485, 0.0, 0.406), (3e4, 1 / 765, 3e-4)
    options = one_view_options(spec)
    params = native_params(whole(pixels, 64))

    def rendered(dtype: str) -> np.ndarray:
        views, _ = core.render_pixels(
            pixels, options, key=(0, 0, 0), params=[params], dtype=dtype, normalize=True
        )
        array: np.ndarray = views[0]
        return array

    exact = torch.from_numpy(rendered("float32"))
    half = torch.from_numpy(rendered("float16"))
    assert half.dtype == torch.float16
    assert torch.equal(half, exact.to(torch.float16))
    brain = torch.from_numpy(rendered("bfloat16").view(np.int16)).view(torch.bfloat16)
    assert torch.equal(brain, exact.to(torch.bfloat16))
    np.testing.assert_array_equal(rendered("uint8").transpose(1, 2, 0), pixels)


def test_modes_agree_while_fast_is_exact() -> None:
    pixels = noise(80, 70)
    exact = render(pixels, recipes.dino(), seed=1, mode="exact")
    fast = render(pixels, recipes.dino(), seed=1, mode="fast")
    assert all(np.array_equal(a, b) for a, b in zip(exact, fast, strict=True))
