"""Blur(kind="gaussian") against torchvision, and against the convolution written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from augment_oracle import (
    Pixels,
    blur_over_zeros,
    differences,
    gradient,
    jittered,
    noise,
    one_view_options,
    pil_view,
    to_pixels,
)
from torchvision.transforms import functional as v1
from torchvision.transforms.v2 import functional as v2

from fastpass._native import core
from fastpass.augment import Blur, Recipe, ViewSpec, draw, recipes, render
from fastpass.augment.native import native_params
from fastpass.augment.spec import BlurBorder
from fastpass.errors import BadArgument

SIGMAS = [0.05, 0.1, 0.23, 0.4, 0.61, 0.8, 1.0, 1.37, 1.7, 2.0, 6.0, 40.0]


def blurred(pixels: Pixels, kernel_size: int, sigma: float, border: BlurBorder) -> Pixels:
    blur = Blur(1.0, kind="gaussian", kernel_size=kernel_size, border=border)
    recipe = Recipe("test", (ViewSpec(size=pixels.shape[0], blur=blur),))
    params = [jittered(pixels, blur_sigma=sigma)]
    (view,) = render(pixels, recipe, seed=0, params=params, normalize=False, mode="exact")
    return to_pixels(view)


def pictures(size: int) -> list[Pixels]:
    corner = np.zeros((size, size, 3), np.uint8)
    corner[-1, -1] = corner[0, size // 2] = 255
    return [noise(size, size), gradient(size, size), corner]


@pytest.mark.parametrize("kernel_size", [3, 9, 23])
@pytest.mark.parametrize("functional", [v1, v2], ids=["v1", "v2"])
def test_reflect_is_torchvision_s(kernel_size: int, functional: object) -> None:
    for size in (kernel_size // 2 + 1, 57, 96):
        for pixels in pictures(size):
            tensor = torch.from_numpy(pixels).permute(2, 0, 1)
            for sigma in SIGMAS:
                theirs = functional.gaussian_blur(tensor, [kernel_size] * 2, [sigma] * 2)  # type: ignore[attr-defined]
                ours = blurred(pixels, kernel_size, sigma, "reflect")
                largest, mean = differences(ours, theirs.permute(1, 2, 0).numpy())
                assert largest <= 1, sigma
                assert mean < 0.001, sigma


@pytest.mark.parametrize("kernel_size", [3, 9, 23])
def test_zero_is_the_convolution_over_black(kernel_size: int) -> None:
    for size in (1, 5, 57, 96):
        for pixels in pictures(size):
            for sigma in SIGMAS:
                theirs = blur_over_zeros(pixels, kernel_size, sigma)
                largest, mean = differences(blurred(pixels, kernel_size, sigma, "zero"), theirs)
                assert largest <= 1, sigma
                assert mean < 0.001, sigma


def test_the_parts_of_the_blur_matter() -> None:
    """Kind, window and border each change the pixels, so that none can be ignored unnoticed."""
    pixels = noise(40, 40)
    plain = blurred(pixels, 9, 2.0, "reflect")
    assert differences(plain, blurred(pixels, 5, 2.0, "reflect"))[1] > 1
    edges = differences(plain, blurred(pixels, 9, 2.0, "zero"))
    assert edges[0] > 50
    np.testing.assert_array_equal(plain[4:-4, 4:-4], blurred(pixels, 9, 2.0, "zero")[4:-4, 4:-4])
    spec = ViewSpec(size=40, blur=Blur(1.0))
    pillow = pil_view(pixels, spec, jittered(pixels, blur_sigma=2.0))
    assert 0 < differences(plain, pillow)[1] < 5


@pytest.mark.parametrize("name", ["dinov2", "dinov2_released", "simclr", "byol"])
def test_whole_recipes(name: str) -> None:
    """Their blur is the only step that may differ, by a tie rounded the other way."""
    recipe = recipes.RECIPES[name]()
    num_blurred = 0
    for sample_id, pixels in enumerate([noise(120, 160), gradient(300, 280), noise(33, 90)] * 2):
        params = draw(recipe, *pixels.shape[:2], seed=7, sample_id=sample_id)
        views = render(pixels, recipe, seed=7, params=params, normalize=False, mode="exact")
        for spec, drawn, view in zip(recipe.views, params, views, strict=True):
            largest, mean = differences(to_pixels(view), pil_view(pixels, spec, drawn))
            is_blurred = drawn.blur_sigma > 0
            num_blurred += is_blurred
            assert largest <= is_blurred, drawn
            assert mean < 0.001, drawn
    assert num_blurred > 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"blur_kernel_size": 8}, "blur_kernel_size = 8, wanted an odd number"),
        ({"blur_kernel_size": 1}, "blur_kernel_size = 1"),
        ({"blur_kernel_size": -(2**31)}, "blur_kernel_size"),
        ({"blur_kernel_size": 65}, "blur_kernel_size = 65"),
        ({"blur_kernel_size": 41}, "size = 20, wanted more than half of blur_kernel_size = 41"),
    ],
)
def test_native_code_refuses_what_it_cannot_blur(values: dict[str, int], message: str) -> None:
    spec = core.ViewSpec()
    spec.size, spec.blur_kind = 20, "gaussian"
    pixels = noise(20, 20)
    params = native_params(jittered(pixels, blur_sigma=1.0))

    def rendered() -> object:
        options = one_view_options(spec)
        request = {"key": (0, 0, 0), "params": [params], "dtype": "uint8", "normalize": False}
        return core.render_pixels(pixels, options, **request)

    rendered()
    for name, value in values.items():
        setattr(spec, name, value)
    with pytest.raises(BadArgument, match=message):
        rendered()
    spec.blur_kind = "pillow"  # which does not look at the window
    rendered()
