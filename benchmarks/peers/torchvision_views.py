"""The views of a fastpass recipe made by torchvision's transforms on PIL images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from PIL import Image, ImageFilter
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from fastpass.augment import Blur, Recipe, ViewSpec
from fastpass.errors import BadArgument

Transform = Callable[[Image.Image], torch.Tensor]


class PillowBlur:
    """Pillow's Gaussian blur with a radius drawn from torch's generator, as all else here is."""

    def __init__(self, sigma: tuple[float, float]) -> None:
        self._sigma = sigma

    def __call__(self, image: Image.Image) -> Image.Image:
        radius = torch.empty(1).uniform_(*self._sigma).item()
        return image.filter(ImageFilter.GaussianBlur(radius=radius))


def torchvision_views(recipe: Recipe) -> list[Transform]:
    """One transform per view, RGB image to float32 [3, size, size], in the recipe's order.

    Every random choice is drawn from torch's default generator. Raises BadArgument for a view
    whose blur is not Pillow's.
    """
    return [_view(spec) for spec in recipe.views]


def _view(spec: ViewSpec) -> Transform:
    steps = [*_crop(spec), transforms.RandomHorizontalFlip(spec.flip)]
    if spec.jitter is not None:
        jitter = spec.jitter
        color = transforms.ColorJitter(
            jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue
        )
        steps.append(transforms.RandomApply([color], p=jitter.probability))
    steps.append(transforms.RandomGrayscale(spec.grayscale))
    if spec.blur is not None:
        _refuse_other_blurs(spec.blur)
        steps.append(transforms.RandomApply([PillowBlur(spec.blur.sigma)], p=spec.blur.probability))
    steps.append(transforms.RandomSolarize(spec.solarize_threshold, p=spec.solarize))
    transform: Transform = transforms.Compose(
        [*steps, transforms.ToTensor(), transforms.Normalize(spec.mean, spec.std)]
    )
    return transform


def _crop(spec: ViewSpec) -> list[Any]:
    interpolation = InterpolationMode(spec.interpolation)
    if spec.crop == "random":
        return [transforms.RandomResizedCrop(spec.size, spec.scale, spec.ratio, interpolation)]
    return [transforms.Resize(spec.resize, interpolation), transforms.CenterCrop(spec.size)]


def _refuse_other_blurs(blur: Blur) -> None:
    kind = getattr(blur, "kind", "pillow")
    if kind != "pillow":
        raise BadArgument(f"blur.kind = {kind!r}: only Pillow's blur is made here")
