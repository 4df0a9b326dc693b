"""Crop and resize, byte for byte as Pillow and torchvision do it."""

from __future__ import annotations

import numpy as np
import PIL
import pytest
from augment_oracle import (
    MODES,
    gradient,
    noise,
    our_view,
    pil_crop_and_resize,
    pil_resize,
    whole,
)
from PIL import Image
from torchvision import transforms

from fastpass.augment import ViewParams, ViewSpec, draw, recipes, render

SIZES = [  # height, width of the source, size of the view
    (300, 400, 224),
    (375, 500, 96),
    (50, 40, 96),
    (1, 1, 7),
    (1, 9, 5),
    (9, 1, 5),
    (1, 700, 64),
    (700, 1, 64),
    (3, 2, 224),
    (224, 224, 224),
    (224, 300, 224),
    (300, 224, 224),
    (230, 150, 224),
    (150, 230, 224),
    (1000, 20, 33),
    (20, 1000, 33),
    (901, 677, 1),
    (1201, 1603, 17),
    (60, 80, 513),
]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("height", "width", "size"), SIZES)
def test_equals_pillow(height: int, width: int, size: int, interpolation: str) -> None:
    spec = ViewSpec(size=size, interpolation=interpolation)
    for pixels in (noise(height, width), gradient(height, width)):
        params = whole(pixels, size)
        expected = np.asarray(pil_crop_and_resize(pixels, spec, params))
        np.testing.assert_array_equal(our_view(pixels, spec, params), expected)


def test_equals_pillow_on_random_boxes_and_windows() -> None:
    rng = np.random.default_rng(11)
    for trial in range(150):
        pixels = noise(*rng.integers(1, 400, 2), seed=trial)
        height, width = (int(rng.integers(1, side + 1)) for side in pixels.shape[:2])
        top, left = (
            int(rng.integers(0, whole_side - side + 1))
            for whole_side, side in zip(pixels.shape[:2], (height, width), strict=True)
        )
        resized_height, resized_width = (int(side) for side in rng.integers(1, 300, 2))
        size = int(rng.integers(1, min(resized_height, resized_width) + 1))
        spec = ViewSpec(size=size, interpolation=("bilinear", "bicubic")[trial % 2])
        window_top = int(rng.integers(0, resized_height - size + 1))
        window_left = int(rng.integers(0, resized_width - size + 1))
        params = ViewParams(
            top, left, height, width, resized_height, resized_width, window_top, window_left
        )
        expected = np.asarray(pil_crop_and_resize(pixels, spec, params))
        np.testing.assert_array_equal(our_view(pixels, spec, params), expected, err_msg=str(params))


@pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 13, reason="the rule is Pillow 13's")
def test_the_order_of_the_passes_is_that_of_pillow_13() -> None:
    for height, width, size in ((33 + 41, 33 + 20, 33), (33 + 40, 33 + 20, 33), (34, 20, 33)):
        pixels = noise(height, width)
        mode = MODES["bilinear"]
        image = Image.fromarray(pixels)
        rows_first = image.resize((size, height), mode).resize((size, size), mode)
        columns_first = image.resize((width, size), mode).resize((size, size), mode)
        ours = our_view(pixels, ViewSpec(size=size), whole(pixels, size))
        is_columns_first = height - size > 2 * (width - size)
        assert (np.asarray(columns_first) == ours).all() == is_columns_first
        assert (np.asarray(rows_first) == ours).all() != is_columns_first
        np.testing.assert_array_equal(ours, np.asarray(image.resize((size, size), mode)))


@pytest.mark.parametrize(("size", "resize"), [(224, 256), (224, 224), (7, 19), (64, 65)])
@pytest.mark.parametrize(
    "shape", [(375, 500), (501, 334), (30, 1000), (999, 31), (256, 256), (1, 1)]
)
def test_evaluation_equals_torchvision(size: int, resize: int, shape: tuple[int, int]) -> None:
    if resize > 100 and min(shape) < 2:
        resize, size = 40, 32
    pixels = noise(*shape)
    recipe = recipes.evaluation(size=size, resize=resize)
    (params,) = draw(recipe, *shape[:2], seed=5)
    image = Image.fromarray(pixels)
    interpolation = transforms.InterpolationMode.BICUBIC
    theirs = transforms.Compose(
        [transforms.Resize(resize, interpolation), transforms.CenterCrop(size)]
    )
    resized = theirs.transforms[0](image)
    assert (params.resized_height, params.resized_width) == (resized.height, resized.width)
    same_passes = pil_resize(image, resized.size, MODES["bicubic"])
    expected = np.asarray(theirs.transforms[1](same_passes))
    (view,) = render(pixels, recipe, seed=5, normalize=False)
    np.testing.assert_array_equal(np.rint(view.transpose(1, 2, 0) * 255), expected)


def test_a_strided_array_gives_the_same_view() -> None:
    pixels = noise(90, 120)
    recipe = recipes.rrc(32)
    expected = render(pixels, recipe, seed=1)
    flipped_twice = np.ascontiguousarray(pixels[::-1, ::-1])[::-1, ::-1]
    assert not flipped_twice.flags.c_contiguous
    np.testing.assert_array_equal(render(flipped_twice, recipe, seed=1)[0], expected[0])
    pixels.flags.writeable = False
    np.testing.assert_array_equal(render(pixels, recipe, seed=1)[0], expected[0])
