"""PyTorch DataLoader with torchvision transforms on PIL images: the recipe as DINO published it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image, ImageFilter
from torch.utils.data import DataLoader, Dataset, RandomSampler
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from benchmarks.peers.feed_peer import (
    GLOBAL_SCALE,
    GLOBAL_SIZE,
    LOCAL_SCALE,
    LOCAL_SIZE,
    MEAN,
    NUM_LOCAL,
    STD,
    FeedJob,
)

Transform = Callable[[Image.Image], torch.Tensor]


class PilBlur:
    """Pillow's Gaussian blur, radius drawn from [0.1, 2.0]; DINO does not use torchvision's."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(0.1, 2.0)))


def dino_view(
    size: int, scale: tuple[float, float], blur: float, solarize: float = 0.0
) -> Transform:
    """One view's transform; ``blur`` and ``solarize`` are probabilities."""
    jitter = transforms.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)
    steps = [
        transforms.RandomResizedCrop(size, scale, interpolation=InterpolationMode.BICUBIC),
        transforms.RandomHorizontalFlip(0.5),
        transforms.RandomApply([jitter], p=0.8),
        transforms.RandomGrayscale(0.2),
        transforms.RandomApply([PilBlur()], p=blur),
    ]
    if solarize:
        steps.append(transforms.RandomSolarize(128, p=solarize))
    return transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])


def dino_views() -> list[Transform]:
    """The ten views: two global ones that differ in blur and solarization, eight local ones."""
    local = dino_view(LOCAL_SIZE, LOCAL_SCALE, blur=0.5)
    return [
        dino_view(GLOBAL_SIZE, GLOBAL_SCALE, blur=1.0),
        dino_view(GLOBAL_SIZE, GLOBAL_SCALE, blur=0.1, solarize=0.2),
        *[local] * NUM_LOCAL,
    ]


class MultiCropFiles(Dataset[list[torch.Tensor]]):
    def __init__(self, files: Sequence[Path]) -> None:
        self.files = [str(path) for path in files]
        self.views = dino_views()

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> list[torch.Tensor]:
        with open(self.files[index], "rb") as file:
            image = Image.open(file).convert("RGB")
        return [view(image) for view in self.views]


class TorchvisionDino:
    name = "torchvision"
    how = "DataLoader, one worker process per thread, PIL transforms"

    def __init__(self, job: FeedJob) -> None:
        files = MultiCropFiles(job.files)
        # One endless epoch: restarting workers between epochs is not what is measured here.
        sampler = RandomSampler(
            files, replacement=True, num_samples=2**31,
            generator=torch.Generator().manual_seed(job.seed),
        )  # fmt: skip
        self._loader = DataLoader(
            files, batch_size=job.batch_size, sampler=sampler, num_workers=job.threads
        )

    def batches(self) -> Iterator[list[torch.Tensor]]:
        yield from self._loader
