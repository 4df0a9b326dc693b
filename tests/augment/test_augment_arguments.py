"""Refusals name the field; recipes survive the way through plain data."""

from __future__ import annotations

import json
import sys
import threading
import tomllib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from augment_oracle import noise, whole

from fastpass.augment import Blur, Jitter, Recipe, ViewParams, ViewSpec, draw, recipes, render
from fastpass.errors import BadArgument, ConfigError, MissingBackend

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 0),
        ("size", -3),
        ("size", 8193),
        ("size", 224.0),
        ("size", True),
        ("kind", "medium"),
        ("crop", "corner"),
        ("resize", 10**9),
        ("scale", (0.0, 1.0)),
        ("scale", (0.5, 0.4)),
        ("scale", (0.5, 1.5)),
        ("scale", (NAN, 1.0)),
        ("scale", [0.1, 1.0]),
        ("scale", 0.5),
        ("ratio", (0.0, 1.0)),
        ("ratio", (1.0, INFINITY)),
        ("interpolation", "nearest"),
        ("interpolation", ["bilinear"]),
        ("flip", 1.01),
        ("flip", -0.1),
        ("flip", NAN),
        ("flip", "often"),
        ("grayscale", INFINITY),
        ("solarize", -1),
        ("solarize_threshold", 257),
        ("jitter", 0.4),
        ("blur", (0.1, 2.0)),
        ("mean", (0.5, 0.5)),
        ("mean", (0.5, NAN, 0.5)),
        ("std", (0.2, 0.0, 0.2)),
    ],
)
def test_bad_specs_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(BadArgument, match=field):
        ViewSpec(**{"size": 224, field: value})


def test_bad_jitter_blur_and_recipe_are_refused_by_name() -> None:
    with pytest.raises(BadArgument, match=r"jitter\.hue"):
        Jitter(hue=0.6)
    with pytest.raises(BadArgument, match=r"jitter\.brightness"):
        Jitter(brightness=-0.1)
    with pytest.raises(BadArgument, match=r"blur\.sigma"):
        Blur(sigma=(2.0, 0.1))
    with pytest.raises(BadArgument, match=r"blur\.sigma"):
        Blur(sigma=(0.1, 1e9))
    for change in (
        {"kernel_size": 8},
        {"kernel_size": 1},
        {"kernel_size": 65},
        {"kernel_size": 9.0},
    ):
        with pytest.raises(BadArgument, match=r"blur\.kernel_size"):
            Blur(kind="gaussian", **change)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match=r"blur\.kind"):
        Blur(kind="box")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match=r"blur\.border"):
        Blur(kind="gaussian", border="wrap")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="'pillow'"):
        Blur(border="zero")
    with pytest.raises(BadArgument, match="size = 4 is too small"):
        ViewSpec(size=4, blur=Blur(kind="gaussian"))
    with pytest.raises(BadArgument, match="views"):
        Recipe("empty", ())
    with pytest.raises(BadArgument, match="views"):
        Recipe("list", [ViewSpec(size=8)])  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="name"):
        Recipe("", (ViewSpec(size=8),))
    with pytest.raises(BadArgument, match="num_local_crops"):
        recipes.dino(num_local_crops=-1)
    with pytest.raises(BadArgument, match="resize"):
        recipes.evaluation(size=300, resize=256)


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"height": -1},
        {"width": 65536},
        {"height": 2**40},
        {"width": 10.0},
        {"seed": -1},
        {"seed": 2**64},
        {"epoch": 2**32},
        {"epoch": -1},
        {"sample_id": 2**63},
        {"seed": "0"},
    ],
)
def test_bad_draw_arguments_are_refused_by_name(change: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"width": 30, "height": 20, "seed": 0, **change}
    with pytest.raises(BadArgument, match=next(iter(change))):
        draw(recipes.dino(), arguments.pop("height"), arguments.pop("width"), **arguments)


@pytest.mark.parametrize(
    "change",
    [
        {"top": -1},
        {"left": -(2**31)},
        {"top": 1},
        {"left": 2**31 - 1},
        {"height": 0},
        {"height": 41},
        {"width": 2**31 - 1},
        {"width": 2**40},
        {"resized_height": 15},
        {"resized_width": 0},
        {"resized_width": -16},
        {"window_top": 1},
        {"window_left": -1},
        {"window_left": 2**31 - 1},
        {"has_jitter": True, "brightness": -0.5},
        {"has_jitter": True, "contrast": NAN},
        {"has_jitter": True, "saturation": INFINITY},
        {"has_jitter": True, "hue": 0.51},
        {"has_jitter": True, "hue": NAN},
        {"has_jitter": True, "jitter_order": ("hue", "hue", "contrast", "saturation")},
        {"jitter_order": ("hue", "blur", "contrast", "saturation")},
        {"jitter_order": ("hue", "contrast")},
        {"blur_sigma": NAN},
        {"blur_sigma": -1.0},
        {"blur_sigma": 1e30},
        {"blur_sigma": "much"},
        {"top": 1.5},
    ],
)
def test_hostile_params_are_refused_and_the_next_good_ones_render(change: dict[str, Any]) -> None:
    pixels = noise(40, 50)
    recipe = Recipe("test", (ViewSpec(size=16),))
    good = whole(pixels, 16)
    with pytest.raises(BadArgument, match=list(change)[-1]):
        render(pixels, recipe, seed=0, params=[replace(good, **change)])
    assert np.isfinite(render(pixels, recipe, seed=0, params=[good])[0]).all()


def test_extreme_but_legal_params_render() -> None:
    pixels = noise(40, 50)
    huge = ViewParams(39, 49, 1, 1, 2**31 - 1, 2**31 - 1, 2**31 - 17, 5)
    (view,) = render(
        pixels, Recipe("test", (ViewSpec(size=16),)), seed=0, params=[huge], normalize=False
    )
    np.testing.assert_array_equal(np.rint(view[:, 3, 4] * 255), pixels[39, 49])


@pytest.mark.parametrize(
    "data",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((2, 65536, 3), np.uint8),
    ],
)
def test_bad_pixels_are_refused(data: np.ndarray) -> None:
    with pytest.raises(BadArgument):
        render(data, recipes.rrc(8), seed=0)


def test_bad_render_arguments_are_refused() -> None:
    pixels = noise(20, 20)
    with pytest.raises(BadArgument, match="1 params came for 2 views"):
        render(pixels, recipes.moco_v2(), seed=0, params=[whole(pixels, 224)])
    with pytest.raises(BadArgument, match="mode"):
        render(pixels, recipes.rrc(8), seed=0, mode="quick")  # type: ignore[arg-type]
    with pytest.raises(MissingBackend, match="tpu"):
        render(pixels, recipes.rrc(8), seed=0, backend="tpu")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_recipes_survive_plain_data(name: str) -> None:
    recipe = recipes.RECIPES[name]()
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_a_recipe_reads_from_toml() -> None:
    text = """
    name = "mine"
    [[views]]
    size = 64
    scale = [0.2, 0.9]
    jitter = {hue = 0.2}
    [[views]]
    size = 32
    kind = "local"
    blur = {probability = 0.25, sigma = [0.5, 1.0]}
    """
    recipe = Recipe.from_dict(tomllib.loads(text))
    assert recipe.views[0] == ViewSpec(size=64, scale=(0.2, 0.9), jitter=Jitter(hue=0.2))
    assert recipe.views[1] == ViewSpec(size=32, kind="local", blur=Blur(0.25, (0.5, 1.0)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": "x", "views": [{"size": 8}], "crops": 2}, "unknown key crops"),
        ({"name": "x", "views": [{"size": 8, "scael": [0.1, 1.0]}]}, r"views\[0\].*scael"),
        ({"name": "x", "views": [{"size": 8, "blur": {"radius": 1}}]}, r"views\[0\]\.blur.*radius"),
        ({"name": "x", "views": [{"size": 8, "blur": 1}]}, r"views\[0\]\.blur"),
        ({"views": [{"size": 8}]}, "'name' is missing"),
        ({"name": "x"}, "'views' is missing"),
        ({"name": "x", "views": [{}]}, "'size' is missing"),
        ({"name": "x", "views": 3}, "views = 3"),
        ({"name": "x", "views": [3]}, r"views\[0\]"),
    ],
)
def test_unknown_and_missing_keys_are_refused_by_name(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Recipe.from_dict(data)


def test_bad_values_in_plain_data_say_where() -> None:
    with pytest.raises(BadArgument, match=r"views\[1\].*flip"):
        Recipe.from_dict({"name": "x", "views": [{"size": 8}, {"size": 8, "flip": 2}]})


def test_published_values() -> None:
    dino = recipes.dino()
    assert [view.size for view in dino.views] == [224] * 2 + [96] * 8
    assert [view.kind for view in dino.views] == ["global"] * 2 + ["local"] * 8
    assert [view.blur.probability for view in dino.views if view.blur] == [1.0, 0.1] + [0.5] * 8
    assert [view.solarize for view in dino.views] == [0.0, 0.2] + [0.0] * 8
    assert {view.interpolation for view in dino.views} == {"bicubic"}
    assert dino.views[0].scale == (0.4, 1.0)
    assert dino.views[2].scale == (0.05, 0.4)
    assert dino.views[0].jitter == Jitter(0.4, 0.4, 0.2, 0.1, 0.8)
    swav = recipes.swav()
    assert [view.size for view in swav.views] == [224] * 2 + [96] * 6
    assert {view.std for view in swav.views} == {(0.228, 0.224, 0.225)}
    assert recipes.moco_v2().views[0].scale == (0.2, 1.0)
    assert recipes.dino(num_local_crops=0).views == dino.views[:2]


def test_threads_render_the_same_views() -> None:
    recipe = recipes.dino(global_size=64, local_size=32)
    images = [noise(100 + 7 * i, 140 - 5 * i, seed=i) for i in range(8)]
    expected = [render(image, recipe, seed=1, sample_id=i) for i, image in enumerate(images)]
    results: dict[int, list[np.ndarray]] = {}

    def work(first: int) -> None:
        for i in range(first, len(images), 4):
            results[i] = render(images[i], recipe, seed=1, sample_id=i)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, views in enumerate(expected):
        assert all(np.array_equal(a, b) for a, b in zip(views, results[i], strict=True))


def test_importing_augment_needs_numpy_only() -> None:
    import subprocess

    script = (
        "import sys, fastpass.augment; "
        "print([m for m in ('torch', 'torchvision', 'PIL', 'click', 'rich') if m in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "[]"


def test_published_values_of_dinov2() -> None:
    for recipe, probabilities in (
        (recipes.dinov2(), [1.0, 0.1] + [0.5] * 8),
        (recipes.dinov2_released(), [0.0, 0.9] + [0.5] * 8),
    ):
        assert [view.blur for view in recipe.views] == [
            Blur(probability, (0.1, 2.0), "gaussian", 9, "reflect") for probability in probabilities
        ]
        assert [view.scale for view in recipe.views] == [(0.32, 1.0)] * 2 + [(0.05, 0.32)] * 8
        plain = [replace(view, blur=None) for view in recipe.views]
        dino = recipes.dino(global_scale=(0.32, 1.0), local_scale=(0.05, 0.32))
        assert plain == [replace(view, blur=None) for view in dino.views]


def test_published_values_of_the_two_view_recipes() -> None:
    moco, byol, simclr = recipes.moco_v3(), recipes.byol(), recipes.simclr()
    for first, second in (moco.views, byol.views):
        assert first.blur is not None
        assert first.blur.probability == 1.0
        assert second == replace(first, blur=replace(first.blur, probability=0.1), solarize=0.2)
        assert first.jitter == Jitter(0.4, 0.4, 0.2, 0.1, 0.8)
    assert (moco.views[0].interpolation, byol.views[0].interpolation) == ("bilinear", "bicubic")
    assert recipes.moco_v3(min_scale=0.2).views[0].scale == (0.2, 1.0)
    assert simclr.views[0] == simclr.views[1]
    assert simclr.views[0].jitter == Jitter(0.8, 0.8, 0.8, 0.2, 0.8)
    assert recipes.simclr(strength=0.5).views[0].jitter == Jitter(0.4, 0.4, 0.4, 0.1, 0.8)
    assert simclr.views[0].blur == Blur(0.5, (0.1, 2.0), "gaussian", 23, "zero")
    assert [view.blur.kernel_size for view in byol.views if view.blur] == [23, 23]
    assert recipes.swav(blur_kind="gaussian").views[0].blur == Blur(
        0.5, kind="gaussian", kernel_size=23
    )
    with pytest.raises(BadArgument, match="strength"):
        recipes.simclr(strength=3.0)


@pytest.mark.parametrize("size", [1, 32, 96, 2000])
def test_a_tenth_of_any_view_is_a_legal_window(size: int) -> None:
    assert render(noise(20, 30), recipes.byol(size=size), seed=0)[0].shape == (3, size, size)
