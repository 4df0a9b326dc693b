"""The package's oracle against that of the tests, and the differences it reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from augment import augment_oracle
from augment.augment_oracle import gradient, noise
from support.pictures import jpeg

from fastpass.augment import Recipe, ViewParams, ViewSpec, draw
from fastpass.augment.recipes import RECIPES
from fastpass.bench import parity
from fastpass.bench.parity import RenderJob, difference_from_pillow, pil_view, render_jobs
from fastpass.bench.work_count import count_work, resample_multiply_adds


@pytest.mark.parametrize("recipe", ["dino", "moco_v2", "rrc", "evaluation"])
def test_the_oracle_is_that_of_the_tests(recipe: str) -> None:
    for sample_id in range(8):
        pixels = noise(150, 210, sample_id) if sample_id % 2 else gradient(300, 170)
        height, width = pixels.shape[:2]
        made = RECIPES[recipe]()
        drawn = draw(made, height, width, seed=3, sample_id=sample_id)
        for spec, params in zip(made.views, drawn, strict=True):
            view = pil_view(pixels, spec, params)
            assert view.shape == (spec.size, spec.size, 3)
            assert np.array_equal(view, augment_oracle.pil_view(pixels, spec, params))


def test_exact_equals_pillow_and_fast_is_close() -> None:
    """From JPEGs: the large one is decoded at 1/2 scale in mode "fast", which shows."""
    for height, width, is_scaled in ((120, 160, False), (500, 600, True)):
        recipe = RECIPES["evaluation"]() if is_scaled else RECIPES["dino"]()
        recipe = replace(recipe, views=tuple(replace(v, resize=240) for v in recipe.views))
        jobs = render_jobs([jpeg(1, height, width)], recipe, seed=1)
        exact = difference_from_pillow(jobs, "exact")
        assert exact == {"max": 0.0, "mean": 0.0, "worst_view_mean": 0.0}
        fast = difference_from_pillow(jobs, "fast")
        assert (fast["max"] > 0) == is_scaled
        assert fast["mean"] < 3  # the picture is noisy, and the decoder's scaling is sharper


def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = render_jobs([gradient(100, 100)], RECIPES["rrc"](), seed=1)
    right = parity.pil_view

    def wrong(*arguments: object) -> object:
        view = right(*arguments).astype(np.int16)  # type: ignore[arg-type]
        view[0, 0, 0] += 100
        return view

    monkeypatch.setattr(parity, "pil_view", wrong)
    found = difference_from_pillow(jobs, "exact")
    assert found["max"] == 100.0
    assert found["mean"] == found["worst_view_mean"] == round(100 / (3 * 224**2), 5)


def test_jobs_differ_by_photo() -> None:
    first, second = render_jobs([noise(90, 90), noise(90, 90)], RECIPES["rrc"](), seed=1)
    assert first.params != second.params


def test_work_is_counted_per_output_pixel() -> None:
    plain = ViewSpec(10, flip=0.0)
    whole = ViewParams(0, 0, 20, 40, 10, 10)
    # 20 rows x 10 columns x 8 taps, then 10 x 10 x 4, in three channels.
    assert resample_multiply_adds(plain, whole) == 3 * (20 * 10 * 8 + 100 * 4)
    assert resample_multiply_adds(plain, replace(whole, height=10)) == 3 * 10 * 10 * 8
    blurred = replace(whole, blur_sigma=1.0, has_jitter=True, hue=0.1)
    recipe = Recipe("two", (plain, plain))
    count = count_work([RenderJob(noise(20, 40), recipe, [whole, blurred])])
    assert count["resample_multiply_adds"] == 60.0
    assert count["source_bytes"] == 24.0
    shares = {"flip": 0, "jitter": 0.5, "hue": 0.5, "grayscale": 0, "blur": 0.5, "solarize": 0}
    assert count["steps"] == shares
