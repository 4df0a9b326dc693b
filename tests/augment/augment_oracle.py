"""Pillow and torchvision render what was drawn: the witnesses of this folder's tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL
import torchvision.transforms.functional as F  # noqa: N812
from PIL import Image, ImageFilter, ImageOps

from fastpass._native import core
from fastpass.augment import Blur, Recipe, ViewParams, ViewSpec, render

Pixels = npt.NDArray[np.uint8]

MODES = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
ADJUST = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
}


def pil_resize(image: Image.Image, size: tuple[int, int], mode: Image.Resampling) -> Image.Image:
    """Pillow 13's resize, on any Pillow: before 13 it never shrank the height first."""
    if int(PIL.__version__.split(".")[0]) < 13 and image.height - size[1] > max(
        0, 2 * (image.width - size[0])
    ):
        image = image.resize((image.width, size[1]), mode)
    return image.resize(size, mode)


def pil_crop_and_resize(pixels: Pixels, spec: ViewSpec, params: ViewParams) -> Image.Image:
    left, top = params.left, params.top
    image = Image.fromarray(pixels).crop((left, top, left + params.width, top + params.height))
    resized = (params.resized_width, params.resized_height)
    image = pil_resize(image, resized, MODES[spec.interpolation])
    left, top = params.window_left, params.window_top
    return image.crop((left, top, left + spec.size, top + spec.size))


def pil_jitter(image: Image.Image, params: ViewParams) -> Image.Image:
    for step in params.jitter_order:
        if step == "hue":
            if params.hue != 0:
                image = F.adjust_hue(image, float(np.float32(params.hue)))
        else:
            image = ADJUST[step](image, getattr(params, step))
    return image


def pil_blur(image: Image.Image, blur: Blur, sigma: float) -> Image.Image:
    if blur.kind == "pillow":
        return image.filter(ImageFilter.GaussianBlur(sigma))
    if blur.border == "reflect":
        blurred: Image.Image = F.gaussian_blur(image, [blur.kernel_size] * 2, [sigma] * 2)
        return blurred
    return Image.fromarray(blur_over_zeros(np.asarray(image), blur.kernel_size, sigma))


def blur_over_zeros(pixels: Pixels, kernel_size: int, sigma: float) -> Pixels:
    """The convolution written out, in double, of an image on black."""
    radius = kernel_size // 2
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    height, width = pixels.shape[:2]
    padded = np.pad(pixels.astype(float), ((radius, radius), (radius, radius), (0, 0)))
    rows = sum(w * padded[i : i + height] for i, w in enumerate(weights))
    result = sum(w * rows[:, i : i + width] for i, w in enumerate(weights))
    return np.rint(result).astype(np.uint8)


def pil_view(pixels: Pixels, spec: ViewSpec, params: ViewParams) -> Pixels:
    """uint8 [size, size, 3], before normalisation; in the order of DINO's transforms."""
    image = pil_crop_and_resize(pixels, spec, params)
    if params.is_flipped:
        image = F.hflip(image)
    if params.has_jitter:
        image = pil_jitter(image, params)
    if params.is_grayscale:
        image = F.to_grayscale(image, num_output_channels=3)
    if params.blur_sigma > 0:
        image = pil_blur(image, spec.blur or Blur(), params.blur_sigma)
    if params.is_solarized:
        image = ImageOps.solarize(image, spec.solarize_threshold)
    return np.asarray(image)


def to_pixels(view: npt.NDArray[np.float32]) -> Pixels:
    """Back from value / 255, which float32 holds well enough to be undone exactly."""
    return np.rint(view.transpose(1, 2, 0) * 255).astype(np.uint8)


def our_view(pixels: Pixels, spec: ViewSpec, params: ViewParams) -> Pixels:
    (view,) = render(pixels, Recipe("test", (spec,)), seed=0, params=[params], normalize=False)
    return to_pixels(view)


def whole(pixels: Pixels, size: int) -> ViewParams:
    """The whole source as one view; nothing else applied."""
    height, width = pixels.shape[:2]
    return ViewParams(0, 0, height, width, resized_height=size, resized_width=size)


def jittered(pixels: Pixels, **changes: object) -> ViewParams:
    """The whole source at its own size (square), with changed parameters."""
    return replace(whole(pixels, pixels.shape[0]), **changes)  # type: ignore[arg-type]


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def gradient(height: int, width: int) -> Pixels:
    """Smooth, with saturated corners: what rounds to the half more often than noise does."""
    y, x = np.mgrid[0:height, 0:width]
    ramps = (x * 255 / max(width - 1, 1), y * 255 / max(height - 1, 1), (x + y) % 256)
    return np.stack(ramps, axis=-1).astype(np.uint8)


def photos(shared_data: Path, every: int) -> Iterator[Pixels]:
    for path in sorted((shared_data / "photos_imagenet200").glob("*.JPEG"))[::every]:
        with Image.open(path) as image:
            yield np.asarray(image.convert("RGB"))


def differences(ours: Pixels, theirs: Pixels) -> tuple[int, float]:
    """Largest and mean absolute difference, in levels of 255."""
    assert ours.shape == theirs.shape
    delta = np.abs(ours.astype(np.int16) - theirs.astype(np.int16))
    return int(delta.max()), float(delta.mean())


def one_view_options(spec: core.ViewSpec) -> core.SampleOptions:
    """How native code renders one view of decoded pixels."""
    return core.SampleOptions(
        views=[spec],
        ops=[],
        may_scale=False,
        max_pixels=1,
        max_scan_blocks=1,
        fill_damage=False,
        apply_orientation=False,
    )
