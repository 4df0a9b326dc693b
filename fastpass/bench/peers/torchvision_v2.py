"""torchvision.transforms.v2 on uint8 tensors: as fast as its users can make it.

Its blur has 9 taps (DINOv2's choice, the least that sigma 2 allows), its resize is antialiased.
Not Pillow's arithmetic: hue is a float, blur a sampled Gaussian.
"""

from __future__ import annotations

from typing import Any

import torch
from torchvision import io
from torchvision.transforms import InterpolationMode, v2

from fastpass.augment import ViewSpec
from fastpass.bench.peers.feed_peer import FeedJob
from fastpass.bench.peers.torch_loader import (
    DataLoaderPeer,
    ViewsOfFiles,
    with_and_without_workers,
)

BLUR_TAPS = 9


def tensor_transform(spec: ViewSpec, dtype: torch.dtype = torch.float32) -> Any:
    """uint8 [3, H, W] -> ``dtype`` [3, size, size], normalized; on the device of its input."""
    mode = InterpolationMode(spec.interpolation)
    steps: list[Any] = [
        v2.RandomResizedCrop(spec.size, spec.scale, spec.ratio, interpolation=mode, antialias=True),
        v2.RandomHorizontalFlip(spec.flip),
    ]
    if spec.jitter:
        jitter = spec.jitter
        color = v2.ColorJitter(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
        steps.append(v2.RandomApply([color], p=jitter.probability))
    if spec.grayscale:
        steps.append(v2.RandomGrayscale(spec.grayscale))
    if spec.blur:
        blur = v2.GaussianBlur(BLUR_TAPS, spec.blur.sigma)
        steps.append(v2.RandomApply([blur], p=spec.blur.probability))
    if spec.solarize:
        steps.append(v2.RandomSolarize(spec.solarize_threshold, p=spec.solarize))
    to_float = [v2.ToDtype(dtype, scale=True), v2.Normalize(spec.mean, spec.std)]
    return v2.Compose([*steps, *to_float])


def _decode(path: str) -> torch.Tensor:
    pixels: torch.Tensor = io.decode_jpeg(io.read_file(path), mode=io.ImageReadMode.RGB)
    return pixels


def make_peers(job: FeedJob) -> list[DataLoaderPeer]:
    torch.manual_seed(job.seed)
    views = [tensor_transform(spec) for spec in job.recipe.views]
    files = ViewsOfFiles(job.photos.files, _decode, views)
    return with_and_without_workers("torchvision v2", "v2 transforms on uint8", job, files)
