"""FFCV in its JPEG mode, and our decoder in FFCV's Loader.

FFCV's writer cannot keep a JPEG as it is: the photos are encoded anew at quality 90 (its default),
at full size. Ours keeps the files. numba has compiled everything before anything is measured.
"""

from __future__ import annotations

import contextlib
import io
import queue
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ffcv.fields import RGBImageField
from ffcv.fields.decoders import RandomResizedCropRGBImageDecoder
from ffcv.loader import Loader, OrderOption
from ffcv.pipeline.pipeline_spec import PipelineSpec
from ffcv.transforms import (
    NormalizeImage,
    RandomBrightness,
    RandomContrast,
    RandomHorizontalFlip,
    RandomSaturation,
    ToTensor,
    ToTorchImage,
)
from ffcv.writer import DatasetWriter
from PIL import Image

from fastpass.augment import ViewSpec
from fastpass.bench.peers.feed_peer import FeedJob, FeedPeer
from fastpass.bench.peers.photos import write_beton_of
from fastpass.feed import ffcv

QUALITY = 90
EPOCH_SIZE = 1 << 16  # samples; photos repeat, so that epochs do not end while we measure


class _FfcvPeer:
    """FFCV's Loader over a file that is written before anything is measured."""

    def __init__(self, job: FeedJob, beton: Path) -> None:
        self._job, self._beton = job, beton
        self._loader: Any = None  # kept: numba compiles for each

    def batches(self) -> Iterator[Sequence[Any]]:
        if self._loader is None:
            self._loader = self._make_loader()
        while True:
            epoch = iter(self._loader)
            try:
                yield from epoch
            finally:
                _end(epoch)

    def paths(self) -> Sequence[Path]:
        return [self._beton]

    def _make_loader(self) -> Any:
        raise NotImplementedError

    def _loader_of(self, num_samples: int, pipelines: dict[str, Any], **options: Any) -> Any:
        repeats = -(-max(EPOCH_SIZE, self._job.batch_size) // num_samples)
        return Loader(
            str(self._beton),
            batch_size=self._job.batch_size,
            num_workers=self._job.threads,
            os_cache=True,
            order=OrderOption.RANDOM,
            seed=self._job.seed,
            indices=np.tile(np.arange(num_samples, dtype=np.uint64), repeats),
            pipelines=pipelines,
            **options,
        )


def _end(epoch: Any) -> None:
    """Wait for FFCV's thread, which would go on, and take time from the next loader."""
    epoch.iter_ixes = iter(())
    epoch.close()
    while epoch.is_alive():
        with contextlib.suppress(queue.Empty):
            epoch.output_queue.get(timeout=0.01)


class FfcvJpeg(_FfcvPeer):
    """FFCV's decoder once for each view, and of its operations those that the recipe wants."""

    name = "FFCV"

    def __init__(self, job: FeedJob) -> None:
        super().__init__(job, job.scratch / "photos.beton")
        if not self._beton.exists():
            _write_pixels(job.photos.files, self._beton)
        self.how = f"JPEG mode: photos encoded anew at quality {QUALITY}; INTER_AREA, fast DCT"
        if len(job.recipe.views) > 1:
            self.how += "; decodes once per view; has no hue, grayscale, blur, solarization"

    def _make_loader(self) -> Any:
        first, *others = self._job.recipe.views
        pipelines: dict[str, Any] = {"image": [_decoder(first), *_operations(first)]}
        for number, spec in enumerate(others, 1):
            pipelines[f"view_{number}"] = PipelineSpec(
                "image", decoder=_decoder(spec), transforms=_operations(spec)
            )
        return self._loader_of(len(self._job.photos.files), pipelines)


class FastpassInFfcv(_FfcvPeer):
    """Our field and our decoder in FFCV's Loader."""

    name = "fastpass in FFCV"
    how = "FFCV's Loader with MultiCropDecoder, mode 'fast', photos as they are, decode once"

    def __init__(self, job: FeedJob) -> None:
        super().__init__(job, job.scratch / "originals.beton")
        write_beton_of(job.photos, self._beton)

    def _make_loader(self) -> Any:
        job = self._job
        fields: dict[str, Any] = dict.fromkeys(("label", "sample_id"))
        return self._loader_of(
            job.photos.copies * len(job.photos.files),
            fields | ffcv.multi_crop(job.recipe, seed=job.seed),
            custom_fields={"image": ffcv.FastpassField},
        )


def _decoder(spec: ViewSpec) -> Any:
    return RandomResizedCropRGBImageDecoder((spec.size, spec.size), spec.scale, spec.ratio)


def _operations(spec: ViewSpec) -> list[Any]:
    """Of the recipe, what FFCV has: without hue, grayscale, blur and solarization."""
    mean, std = (255 * np.array(values) for values in (spec.mean, spec.std))
    operations = [RandomHorizontalFlip(spec.flip)]
    if jitter := spec.jitter:
        operations += [
            RandomBrightness(jitter.brightness, jitter.probability),
            RandomContrast(jitter.contrast, jitter.probability),
            RandomSaturation(jitter.saturation, jitter.probability),
        ]
    return [*operations, NormalizeImage(mean, std, np.float32), ToTensor(), ToTorchImage()]


class _DecodedFiles:
    """An indexed dataset of (pixels,), as FFCV's writer wants it."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[npt.NDArray[np.uint8]]:
        with Image.open(self._files[index]) as image:
            return (np.asarray(image.convert("RGB")),)


def _write_pixels(files: Sequence[Path], beton: Path) -> None:
    fields = {"image": RGBImageField(write_mode="jpg", jpeg_quality=QUALITY)}
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        writer = DatasetWriter(str(beton), fields, num_workers=1)
        writer.from_indexed_dataset(_DecodedFiles(files))


def make_peers(job: FeedJob) -> list[FeedPeer]:
    """FFCV, where all views are random crops; ours inside of it, where its backend is asked for."""
    peers: list[FeedPeer] = []
    if all(view.crop == "random" for view in job.recipe.views):
        peers.append(FfcvJpeg(job))
    if "ffcv" in job.backends and "fast" in job.modes:
        peers.append(FastpassInFfcv(job))
    return peers
