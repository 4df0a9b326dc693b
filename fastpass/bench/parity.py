"""How far our views are from those of Pillow and torchvision, given the same drawn parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class RenderJob:
    """One call of ``render``: an image, and what was drawn for it."""

    pixels: Pixels  # uint8 [H, W, 3]
    recipe: Recipe
    params: list[ViewParams]
    # The JPEG of these pixels: given to ours, which may decode a part of it, or a smaller scale.
    encoded: bytes | None = None


def render_jobs(photos: Sequence[bytes | Pixels], recipe: Recipe, seed: int) -> list[RenderJob]:
    """The recipe drawn for every photo, JPEG or pixels; sample ids are their places."""
    jobs = []
    for position, photo in enumerate(photos):
        encoded, pixels = (photo, decode_jpeg(photo)) if isinstance(photo, bytes) else (None, photo)
        height, width = pixels.shape[:2]
        drawn = draw(recipe, height, width, seed=seed, sample_id=position)
        jobs.append(RenderJob(pixels, recipe, drawn, encoded))
    return jobs


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


def view_differences(job: RenderJob, mode: Mode) -> list[npt.NDArray[np.float32]]:
    """|ours - Pillow's| in levels of 255, before normalization: a [size, size, 3] per view."""
    image = job.pixels if job.encoded is None else job.encoded
    views = render(image, job.recipe, seed=0, params=job.params, normalize=False, mode=mode)
    return [
        np.abs(255 * view.transpose(1, 2, 0) - pil_view(job.pixels, spec, params))
        for view, spec, params in zip(views, job.recipe.views, job.params, strict=True)
    ]


def difference_from_pillow(jobs: Iterable[RenderJob], mode: Mode) -> dict[str, float]:
    """Largest and mean difference over all views of the jobs, in levels of 255.

    Unrounded: a value 0.4 levels off counts as 0.4. ``worst_view_mean``: the mean of the
    view that is farthest off.
    """
    largest = total = worst = 0.0
    num_values = 0
    for job in jobs:
        for difference in view_differences(job, mode):
            largest = max(largest, float(np.max(difference)))
            worst = max(worst, float(difference.mean()))
            total += float(difference.sum())
            num_values += difference.size
    return {
        "max": round(largest, 3),
        "mean": round(total / num_values, 5),
        "worst_view_mean": round(worst, 5),
    }
