"""The views of one image as a labelled picture, for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

from fastpass.augment.params import ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.augment.render import View
from fastpass.common.files import written_file
from fastpass.common.outputs import mark_of
from fastpass.errors import BadArgument

KIND = "preview"  # of output; see fastpass.common.outputs
_MARGIN = 8  # pixels around every cell
_LABEL_HEIGHT = 28
_LABEL_WIDTH = 176
_MAX_ROW_WIDTH = 960


def describe_view(index: int, kind: str, params: ViewParams) -> str:
    """Two short lines: the crop, and what else was applied."""
    box = f"{params.width}x{params.height}+{params.left}+{params.top}"
    steps = [
        name
        for name, is_on in (
            ("flip", params.is_flipped),
            ("jitter", params.has_jitter),
            ("gray", params.is_grayscale),
            (f"blur {params.blur_sigma:.1f}", params.blur_sigma > 0),
            ("solarize", params.is_solarized),
        )
        if is_on
    ]
    return f"{index} {kind} {box}\n{', '.join(steps) or '-'}"


def _place_cells(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """(left, top) per view: rows of equal sizes, at most ``_MAX_ROW_WIDTH`` wide."""
    places = []
    left = top = _MARGIN
    for index, size in enumerate(sizes):
        row_size = sizes[index - 1] if index else size
        is_full = left > _MARGIN and left + _cell_width(size) > _MAX_ROW_WIDTH
        if is_full or size != row_size:
            left, top = _MARGIN, top + _LABEL_HEIGHT + row_size + _MARGIN
        places.append((left, top))
        left += _cell_width(size) + _MARGIN
    return places


def _cell_width(size: int) -> int:
    return max(size, _LABEL_WIDTH)


def draw_grid(recipe: Recipe, views: Sequence[View], params: Sequence[ViewParams]) -> Image.Image:
    """A grid of views (values in [0, 1], [3, size, size]), each under its label."""
    sizes = [spec.size for spec in recipe.views]
    places = _place_cells(sizes)
    width = max(left + _cell_width(size) for (left, _), size in zip(places, sizes, strict=True))
    height = places[-1][1] + _LABEL_HEIGHT + sizes[-1]
    grid = Image.new("RGB", (width + _MARGIN, height + _MARGIN), "white")
    painter = ImageDraw.Draw(grid)
    for index, (left, top) in enumerate(places):
        label = describe_view(index, recipe.views[index].kind, params[index])
        painter.text((left, top), label, fill="black")
        # An operation on normalized values may leave the range.
        values = np.clip(views[index].transpose(1, 2, 0), 0, 1)
        pixels = np.rint(values * 255).astype(np.uint8)
        grid.paste(Image.fromarray(pixels), (left, top + _LABEL_HEIGHT))
    return grid


def save_grid(grid: Image.Image, path: Path) -> None:
    """Write the picture in the format that the name asks for: .png, .jpg, .webp, ...

    Raises BadArgument for a name of no format, WriteFailed.
    """
    format_name = Image.registered_extensions().get(path.suffix.lower())
    if format_name not in Image.SAVE:
        raise BadArgument(f"{path}: Pillow writes no file of this name; wanted .png, .jpg, .webp")
    mark = PngImagePlugin.PngInfo()
    mark.add_text("Software", mark_of(KIND))
    comment = f"Software\0{mark_of(KIND)}"  # the mark of a JPEG
    with written_file(path) as file:
        grid.save(file, format_name, pnginfo=mark, comment=comment)  # others need no mark
