"""NVIDIA DALI on the CPU: decode once, then ten views of the decoded image.

Its best honest pipeline for the recipe: fused crop and resize per view; brightness, contrast,
saturation, hue and grayscale in one color_twist; blur and solarization run only on the samples
that drew them (conditionals); flip, normalization and layout fused. Not the same arithmetic as
PIL's: color_twist has a fixed order, and DALI's filters differ in the last bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from nvidia.dali import fn, pipeline_def, types

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


def _jitter_factor(active: Any, strength: float) -> Any:
    """1 where jitter is not active, else uniform in [1 - strength, 1 + strength]."""
    return 1.0 + active * fn.random.uniform(range=(-strength, strength))


def _color(view: Any) -> Any:
    active = fn.random.coin_flip(probability=0.8)
    keeps_color = fn.random.coin_flip(probability=0.8)  # grayscale is saturation 0
    return fn.color_twist(
        view,
        brightness=_jitter_factor(active, 0.4),
        contrast=_jitter_factor(active, 0.4),
        saturation=keeps_color * _jitter_factor(active, 0.2),
        hue=active * fn.random.uniform(range=(-36.0, 36.0)),  # degrees: 0.1 of a turn
    )


def _view(images: Any, size: int, scale: tuple[float, float], blur: float, solarize: float) -> Any:
    view = fn.random_resized_crop(
        images, size=(size, size), random_area=scale, interp_type=types.INTERP_CUBIC
    )
    view = _color(view)
    if blur >= 1.0 or fn.random.coin_flip(probability=blur, dtype=types.BOOL):
        view = fn.gaussian_blur(view, sigma=fn.random.uniform(range=(0.1, 2.0)))
    if solarize > 0.0 and fn.random.coin_flip(probability=solarize, dtype=types.BOOL):
        bright = fn.cast(view >= 128, dtype=types.UINT8)
        view = fn.cast(
            view + bright * (255 - 2 * fn.cast(view, dtype=types.INT16)), dtype=types.UINT8
        )
    return fn.crop_mirror_normalize(
        view,
        mirror=fn.random.coin_flip(probability=0.5),
        mean=[255.0 * value for value in MEAN],
        std=[255.0 * value for value in STD],
        output_layout="CHW",
        dtype=types.FLOAT,
    )


@pipeline_def(enable_conditionals=True)
def dino_pipeline(files: list[str]) -> tuple[Any, ...]:
    encoded, _ = fn.readers.file(files=files, random_shuffle=True, initial_fill=len(files))
    images = fn.decoders.image(encoded, device="cpu", output_type=types.RGB)
    views = [
        _view(images, GLOBAL_SIZE, GLOBAL_SCALE, 1.0, 0.0),
        _view(images, GLOBAL_SIZE, GLOBAL_SCALE, 0.1, 0.2),
    ]
    views += [_view(images, LOCAL_SIZE, LOCAL_SCALE, 0.5, 0.0) for _ in range(NUM_LOCAL)]
    return tuple(views)


class DaliDino:
    name = "dali"
    how = "DALI CPU pipeline, decode once"

    def __init__(self, job: FeedJob) -> None:
        self._job = job

    def batches(self) -> Iterator[list[torch.Tensor]]:
        """The tensors share DALI's memory until the next batch: no copy is charged to it."""
        pipeline = dino_pipeline(
            files=[str(path) for path in self._job.files],
            seed=self._job.seed,
            batch_size=self._job.batch_size,
            num_threads=self._job.threads,
            device_id=None,
            prefetch_queue_depth=2,
        )
        pipeline.build()
        while True:
            outputs = pipeline.run()
            yield [torch.from_numpy(np.asarray(output.as_tensor())) for output in outputs]
