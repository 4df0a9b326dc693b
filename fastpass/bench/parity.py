"""How far our views are from those of Pillow and torchvision, given the same drawn parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from fastpass.augment import Recipe, ViewParams, ViewSpec, draw, render
from fastpass.decode import decode_jpeg
from fastpass.errors import BadArgument

if TYPE_CHECKING:
    from PIL import Image

Pixels = npt.NDArray[np.uint8]
Mode = Literal["fast", "exact"]

_PILLOW_SHRINKS_HEIGHT_FIRST = 13


def pil_view(pixels: Pixels, spec: ViewSpec, params: ViewParams) -> Pixels:
    """The view as Pillow and torchvision's functions on PIL images make it.

    pixels: uint8 [H, W, 3]. Returns uint8 [size, size, 3], before normalization; the steps in the
    order of DINO's transforms. Raises BadArgument for a blur that is not Pillow's, ImportError
    without torchvision.
    """
    import torchvision.transforms.functional as tv
    from PIL import Image, ImageFilter, ImageOps

    if params.blur_sigma > 0 and getattr(spec.blur, "kind", "pillow") != "pillow":
        raise BadArgument(f"blur = {spec.blur}: only Pillow's blur can be compared with Pillow")
    image = _crop_and_resize(Image.fromarray(pixels), spec, params)
    if params.is_flipped:
        image = tv.hflip(image)
    if params.has_jitter:
        image = _jitter(image, params)
    if params.is_grayscale:
        image = tv.to_grayscale(image, num_output_channels=3)
    if params.blur_sigma > 0:
        image = image.filter(ImageFilter.GaussianBlur(params.blur_sigma))
    if params.is_solarized:
        image = ImageOps.solarize(image, spec.solarize_threshold)
    return np.asarray(image)


def _crop_and_resize(image: Image.Image, spec: ViewSpec, params: ViewParams) -> Image.Image:
    import PIL
    from PIL import Image

    left, top = params.left, params.top
    image = image.crop((left, top, left + params.width, top + params.height))
    mode = Image.Resampling[spec.interpolation.upper()]
    width, height = params.resized_width, params.resized_height
    is_old = int(PIL.__version__.split(".")[0]) < _PILLOW_SHRINKS_HEIGHT_FIRST
    if is_old and image.height - height > max(0, 2 * (image.width - width)):
        image = image.resize((image.width, height), mode)  # as Pillow 13 does by itself
    image = image.resize((width, height), mode)
    left, top = params.window_left, params.window_top
    return image.crop((left, top, left + spec.size, top + spec.size))


def _jitter(image: Image.Image, params: ViewParams) -> Image.Image:
    import torchvision.transforms.functional as tv

    for step in params.jitter_order:
        if step != "hue":
            image = getattr(tv, f"adjust_{step}")(image, getattr(params, step))
        elif params.hue != 0:
            image = tv.adjust_hue(image, float(np.float32(params.hue)))
    return image


def view_difference(
    pixels: Pixels, spec: ViewSpec, params: ViewParams, mode: Mode
) -> npt.NDArray[np.float32]:
    """|ours - Pillow's| in levels of 255, before normalization: float32 [size, size, 3]."""
    recipe = Recipe("one view", (spec,))
    (view,) = render(pixels, recipe, seed=0, params=[params], normalize=False, mode=mode)
    difference: npt.NDArray[np.float32] = np.abs(
        255 * view.transpose(1, 2, 0) - pil_view(pixels, spec, params).astype(np.float32)
    )
    return difference


def parity_of_recipe(
    files: Sequence[Path], recipe: Recipe, modes: Sequence[str], *, seed: int = 0
) -> dict[str, dict[str, float]]:
    """mode -> largest and mean difference from Pillow over all views of all photos.

    Unrounded: a fused value 0.4 levels off counts as 0.4. ``mean_largest_view``: the mean of the
    view that is farthest off.
    """
    found: dict[str, dict[str, float]] = {}
    photos = [decode_jpeg(path.read_bytes()) for path in files]
    for mode in modes:
        largest, means = 0.0, []
        for position, pixels in enumerate(photos):
            height, width = pixels.shape[:2]
            params = draw(recipe, width, height, seed=seed, sample_id=position)
            for spec, drawn in zip(recipe.views, params, strict=True):
                difference = view_difference(pixels, spec, drawn, mode)  # type: ignore[arg-type]
                largest = max(largest, float(difference.max()))
                means.append((float(difference.mean()), spec.size**2))
        total = sum(weight for _, weight in means)
        found[mode] = {
            "max": round(largest, 3),
            "mean": round(sum(mean * weight for mean, weight in means) / total, 5),
            "mean_largest_view": round(max(mean for mean, _ in means), 5),
            "num_photos": len(photos),
        }
    return found
