"""torchvision's transforms on PIL images: the recipes as DINO and MoCo v2 published them."""

from __future__ import annotations

import random
from typing import Any

import torch
from PIL import Image, ImageFilter
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from fastpass.augment import Blur, ViewSpec
from fastpass.bench.peers.feed_peer import FeedJob
from fastpass.bench.peers.torch_loader import (
    DataLoaderPeer,
    ViewsOfFiles,
    with_and_without_workers,
)


class PilBlur:
    """Pillow's Gaussian blur; the published recipes do not use torchvision's."""

    def __init__(self, blur: Blur) -> None:
        self._sigma = blur.sigma

    def __call__(self, image: Image.Image) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(*self._sigma)))


def pil_transform(spec: ViewSpec) -> Any:
    """PIL image -> float32 [3, size, size], normalized; the steps that ``spec`` asks for."""
    mode = InterpolationMode(spec.interpolation)
    steps: list[Any] = [
        transforms.RandomResizedCrop(spec.size, spec.scale, spec.ratio, interpolation=mode),
        transforms.RandomHorizontalFlip(spec.flip),
    ]
    if spec.jitter:
        jitter = spec.jitter
        color = transforms.ColorJitter(
            jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue
        )
        steps.append(transforms.RandomApply([color], p=jitter.probability))
    if spec.grayscale:
        steps.append(transforms.RandomGrayscale(spec.grayscale))
    if spec.blur:
        steps.append(transforms.RandomApply([PilBlur(spec.blur)], p=spec.blur.probability))
    if spec.solarize:
        steps.append(transforms.RandomSolarize(spec.solarize_threshold, p=spec.solarize))
    to_tensor = [transforms.ToTensor(), transforms.Normalize(spec.mean, spec.std)]
    return transforms.Compose([*steps, *to_tensor])


def _open(path: str) -> Image.Image:
    with open(path, "rb") as file:
        return Image.open(file).convert("RGB")


def make_peers(job: FeedJob) -> list[DataLoaderPeer]:
    # A worker's Python generator starts as a copy of this one.
    random.seed(job.seed)
    torch.manual_seed(job.seed)
    views = [pil_transform(spec) for spec in job.recipe.views]
    files = ViewsOfFiles(job.photos.files, _open, views)
    return with_and_without_workers("torchvision", "transforms on PIL images", job, files)
