"""kornia's augmentations of a batch of float images on a GPU; all images have one size."""

from __future__ import annotations

from typing import Any

import torch
from kornia import augmentation

from fastpass.augment import ViewSpec

BLUR_TAPS = 9


def batch_transform(spec: ViewSpec) -> Any:
    """float [N, 3, H, W] in 0 to 1 -> [N, 3, size, size], normalized; solarization is left out."""
    steps: list[Any] = [
        augmentation.RandomResizedCrop((spec.size, spec.size), scale=spec.scale, ratio=spec.ratio),
        augmentation.RandomHorizontalFlip(p=spec.flip),
    ]
    if spec.jitter:
        jitter = spec.jitter
        color = (jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
        steps.append(augmentation.ColorJiggle(*color, p=jitter.probability))
    if spec.grayscale:
        steps.append(augmentation.RandomGrayscale(p=spec.grayscale))
    if spec.blur:
        taps = (BLUR_TAPS, BLUR_TAPS)
        steps.append(
            augmentation.RandomGaussianBlur(taps, spec.blur.sigma, p=spec.blur.probability)
        )
    steps.append(augmentation.Normalize(torch.tensor(spec.mean), torch.tensor(spec.std)))
    return torch.nn.Sequential(*steps).cuda()
