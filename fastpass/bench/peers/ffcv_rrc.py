"""FFCV in its JPEG mode: one random resized crop and a flip.

Its writer cannot keep a JPEG as it is: the photos are encoded anew at quality 90 (its default),
at full size. Its numba code is compiled once, before anything is measured.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ffcv.fields import RGBImageField
from ffcv.fields.decoders import RandomResizedCropRGBImageDecoder
from ffcv.loader import Loader, OrderOption
from ffcv.transforms import NormalizeImage, RandomHorizontalFlip, ToTensor, ToTorchImage
from ffcv.writer import DatasetWriter
from PIL import Image

from fastpass.bench.peers.feed_peer import FeedJob

QUALITY = 90
EPOCH_SIZE = 1 << 16  # samples; photos repeat, so that epochs do not end while we measure


class _DecodedFiles:
    """An indexed dataset of (pixels,), as FFCV's writer wants it."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[npt.NDArray[np.uint8]]:
        with Image.open(self._files[index]) as image:
            return (np.asarray(image.convert("RGB")),)


class FfcvJpeg:
    """Reads its own file, which is written when it is first asked for batches."""

    name = "FFCV"
    how = f"JPEG mode: photos encoded anew at quality {QUALITY}; INTER_AREA, fast DCT"

    def __init__(self, job: FeedJob) -> None:
        self._job = job
        self._beton = job.scratch / "photos.beton"
        self._loader: Any = None

    def batches(self) -> Iterator[Sequence[Any]]:
        if self._loader is None:
            self._loader = self._compile()
        while True:
            epoch = iter(self._loader)
            try:
                yield from epoch
            finally:
                epoch.close()

    def paths(self) -> Sequence[Path]:
        return [self._beton]

    def _compile(self) -> Any:
        job = self._job
        if not self._beton.exists():
            _write_beton(job.photos.files, self._beton)
        (spec,) = job.recipe.views
        mean, std = (255 * np.array(values) for values in (spec.mean, spec.std))
        steps = [
            RandomResizedCropRGBImageDecoder((spec.size, spec.size), spec.scale, spec.ratio),
            RandomHorizontalFlip(spec.flip),
            NormalizeImage(mean, std, np.float32),
            ToTensor(),
            ToTorchImage(),
        ]
        num_files = len(job.photos.files)
        repeats = -(-max(EPOCH_SIZE, job.batch_size) // num_files)
        return Loader(
            str(self._beton),
            batch_size=job.batch_size,
            num_workers=job.threads,
            os_cache=True,
            order=OrderOption.RANDOM,
            seed=job.seed,
            indices=np.tile(np.arange(num_files, dtype=np.uint64), repeats),
            pipelines={"image": steps},
        )


def _write_beton(files: Sequence[Path], beton: Path) -> None:
    fields = {"image": RGBImageField(write_mode="jpg", jpeg_quality=QUALITY)}
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        writer = DatasetWriter(str(beton), fields, num_workers=1)
        writer.from_indexed_dataset(_DecodedFiles(files))


def make_peers(job: FeedJob) -> list[FfcvJpeg]:
    """None for recipes of more than one crop and flip: FFCV decodes once per view."""
    views = job.recipe.views
    plain = len(views) == 1 and views[0].crop == "random"
    has_color = plain and (views[0].jitter or views[0].grayscale or views[0].blur)
    return [FfcvJpeg(job)] if plain and not has_color else []
