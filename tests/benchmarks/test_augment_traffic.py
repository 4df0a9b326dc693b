"""What each rendering kernel must move, against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from benchmarks.augment_traffic import kernel_traffic

import fastpass as fp

SHAPE = (100, 200, 3)
PIXELS = 3 * 10**2
# 80 columns and 40 rows become 10: supports of 8 and 4 pixels, 17 and 9 taps, first, count.
TAPS = 4 * 10 * (17 + 2 + 9 + 2)
BOX = 3 * 80 * 40

PLAIN = fp.ViewParams(top=0, left=0, height=40, width=80, resized_height=10, resized_width=10)
JITTER = replace(PLAIN, has_jitter=True, contrast=0.5)


def _traffic(params: fp.ViewParams, *, kind: str = "pillow", num_views: int = 1) -> dict[str, int]:
    view = fp.ViewSpec(size=10, blur=fp.Blur(kind=kind))  # type: ignore[arg-type]
    recipe = fp.Recipe("of one view", (view,) * num_views)
    return kernel_traffic([SHAPE], recipe, [[params] * num_views], value_bytes=2)


def test_one_pass_stores_the_view() -> None:
    expected = {"WeighTaps": TAPS, "RenderTiles": TAPS + BOX + 2 * PIXELS}
    assert _traffic(PLAIN) == expected
    assert _traffic(replace(JITTER, contrast=1.0)) == expected


def test_contrast_and_blur_go_through_scratch() -> None:
    assert _traffic(JITTER) == {
        "WeighTaps": TAPS,
        "RenderTiles": TAPS + BOX + PIXELS,
        "ContrastPixels": PIXELS + 2 * PIXELS,
    }
    blurred = replace(JITTER, blur_sigma=1.0)
    assert _traffic(blurred) == {
        "WeighTaps": TAPS,
        "RenderTiles": TAPS + BOX + PIXELS,
        "ContrastPixels": 2 * PIXELS,
        "BoxBlurLines<false>": 2 * PIXELS,
        "BoxBlurLines<true>": PIXELS + 2 * PIXELS,
    }
    assert _traffic(blurred, kind="gaussian")["GaussianBlurRows"] == PIXELS + 2 * PIXELS


@pytest.mark.parametrize(("num_views", "source"), [(2, 2 * BOX), (20, 3 * 100 * 200)])
def test_an_image_is_read_once_at_most(num_views: int, source: int) -> None:
    moved = _traffic(PLAIN, num_views=num_views)
    assert moved["RenderTiles"] == num_views * (TAPS + 2 * PIXELS) + source


def test_a_window_reads_its_part_of_the_box() -> None:
    window = replace(PLAIN, resized_height=20, resized_width=40)
    taps = 4 * 10 * (5 + 2 + 5 + 2)  # both halved: supports of 2 pixels
    assert _traffic(window)["RenderTiles"] == taps + 3 * 20 * 20 + 2 * PIXELS
