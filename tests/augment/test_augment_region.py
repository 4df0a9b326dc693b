"""Views from encoded images: only their region is decoded, in mode "fast" at a smaller scale."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.pictures import jpeg

import fastpass as fp

RECIPES = [fp.recipes.dino(), fp.recipes.rrc(), fp.recipes.evaluation()]


def _assert_region_equals_whole(data: bytes, sample_id: int) -> None:
    pixels = fp.decode_image(data)
    for recipe in RECIPES:
        from_bytes = fp.render(data, recipe, seed=1, sample_id=sample_id, mode="exact")
        from_pixels = fp.render(pixels, recipe, seed=1, sample_id=sample_id)
        for ours, wanted in zip(from_bytes, from_pixels, strict=True):
            np.testing.assert_array_equal(ours, wanted)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_exact_views_of_a_region_equal_those_of_the_whole_image(
    subsampling: str, progressive: bool
) -> None:
    image = Image.open(io.BytesIO(jpeg(3, height=301, width=417)))
    for mode in ("RGB", "L", "CMYK"):
        buffer = io.BytesIO()
        options = {} if mode == "L" else {"subsampling": subsampling}
        image.convert(mode).save(buffer, "JPEG", progressive=progressive, **options)
        _assert_region_equals_whole(buffer.getvalue(), 5)


@pytest.mark.needs_shared
def test_exact_views_of_real_photos_equal_those_of_the_whole_image(shared_data: Path) -> None:
    for folder, count in (("photos_imagenet200", 12), ("photos_clothing_cc0", 4)):
        with open(shared_data / folder / "manifest.csv", newline="") as manifest:
            names = [row["file"] for row in csv.DictReader(manifest)]
        for sample_id, name in enumerate(names[:: len(names) // count]):
            _assert_region_equals_whole((shared_data / folder / name).read_bytes(), sample_id)


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
def test_fast_decodes_large_images_at_the_scale_that_views_can_afford(factor: int) -> None:
    """A smooth picture: scaled by the decoder or by the resize, it looks the same."""
    side = 64 * factor
    rows, columns = np.mgrid[0:side, 0:side] / side
    waves = np.stack([rows, columns, 0.5 + 0.4 * np.sin(6 * rows + 5 * columns)], axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(np.rint(waves * 255).astype(np.uint8)).save(buffer, "JPEG", quality=95)
    recipe = fp.recipes.rrc(size=64, scale=(1.0, 1.0), interpolation="bicubic")
    full = fp.recipes.evaluation(size=64, resize=64)
    for tried in (recipe, full):
        fast, exact = (
            fp.render(buffer.getvalue(), tried, seed=2, normalize=False, mode=mode)[0] * 255
            for mode in ("fast", "exact")
        )
        difference = np.abs(fast - exact)
        # Only the decoder's scale makes them differ.
        assert (difference.max() > 0) == (factor > 1)
        assert difference.mean() < 0.6
        assert difference.max() <= 6


def test_fast_equals_exact_where_no_scale_is_affordable() -> None:
    data = jpeg(9, height=120, width=160)
    recipe = fp.recipes.dino(global_size=96, local_size=48)
    fast, exact = (fp.render(data, recipe, seed=0, mode=mode) for mode in ("fast", "exact"))
    for ours, wanted in zip(fast, exact, strict=True):
        np.testing.assert_array_equal(ours, wanted)


def test_damage_counts_where_views_look() -> None:
    """What is missing below the box changes none of its pixels."""
    whole = jpeg(4, height=400, width=200)
    torn = whole[: len(whole) // 2]
    recipe = fp.Recipe("top", (fp.ViewSpec(size=32),))

    def rendered(data: bytes, top: int) -> np.ndarray:
        params = fp.ViewParams(
            top=top, left=10, height=80, width=90, resized_height=32, resized_width=32
        )
        return fp.render(data, recipe, seed=0, params=[params])[0]

    np.testing.assert_array_equal(rendered(torn, 20), rendered(whole, 20))
    with pytest.raises(fp.CorruptImage):
        rendered(torn, 300)


@pytest.mark.parametrize("mode", ["fast", "exact"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"resized_height": 0},
        {"resized_width": -5},
        {"top": 2**31 - 1},
        {"width": 65},
        {"window_left": 1},
    ],
)
def test_params_that_do_not_fit_are_refused_before_anything_is_decoded(
    mode: str, wrong: dict[str, int]
) -> None:
    fitting = {"top": 0, "left": 0, "height": 48, "width": 64}
    fitting |= {"resized_height": 32, "resized_width": 32}
    params = fp.ViewParams(**(fitting | wrong))
    recipe = fp.Recipe("one", (fp.ViewSpec(size=32),))
    with pytest.raises(fp.BadArgument):
        fp.render(jpeg(1), recipe, seed=0, params=[params], mode=mode)
