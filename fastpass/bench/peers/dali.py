"""NVIDIA DALI on the CPU or a GPU, its best honest pipeline for a recipe.

Several views: decode once, then fused crop and resize per view. One view: the crop is drawn
before decoding, which decodes only that region. Brightness, contrast, saturation, hue and
grayscale are one color_twist; blur and solarization run only on the samples that drew them
(conditionals); flip, normalization and layout are fused. Not the arithmetic of PIL: color_twist
has a fixed order, DALI's filters differ in the last bits, and its inverse DCT is the fast one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from nvidia.dali import Pipeline, fn, pipeline_def, types

from fastpass.augment import Jitter, Recipe, ViewSpec
from fastpass.bench.peers.feed_peer import FeedJob
from fastpass.feed import dali

Decoder = Literal["cpu", "mixed"]
INTERPOLATIONS = {"bilinear": types.INTERP_LINEAR, "bicubic": types.INTERP_CUBIC}


def _jitter_factor(active: Any, strength: float) -> Any:
    """1 where jitter is not active, else uniform in [1 - strength, 1 + strength]."""
    return 1.0 + active * fn.random.uniform(range=(-strength, strength))


def _color(view: Any, jitter: Jitter, grayscale: float) -> Any:
    active = fn.random.coin_flip(probability=jitter.probability)
    keeps_color = fn.random.coin_flip(probability=1.0 - grayscale)  # gray is saturation 0
    degrees = 360.0 * jitter.hue
    return fn.color_twist(
        view,
        brightness=_jitter_factor(active, jitter.brightness),
        contrast=_jitter_factor(active, jitter.contrast),
        saturation=keeps_color * _jitter_factor(active, jitter.saturation),
        hue=active * fn.random.uniform(range=(-degrees, degrees)),
    )


def _finish(view: Any, spec: ViewSpec) -> Any:
    """Everything after the resize."""
    if spec.jitter is not None:
        view = _color(view, spec.jitter, spec.grayscale)
    if spec.blur is not None:
        chance = spec.blur.probability
        if chance >= 1.0 or fn.random.coin_flip(probability=chance, dtype=types.BOOL):
            view = fn.gaussian_blur(view, sigma=fn.random.uniform(range=spec.blur.sigma))
    if spec.solarize > 0.0 and fn.random.coin_flip(probability=spec.solarize, dtype=types.BOOL):
        bright = fn.cast(view >= spec.solarize_threshold, dtype=types.UINT8)
        view = fn.cast(
            view + bright * (255 - 2 * fn.cast(view, dtype=types.INT16)), dtype=types.UINT8
        )
    return fn.crop_mirror_normalize(
        view,
        mirror=fn.random.coin_flip(probability=spec.flip),
        mean=[255.0 * value for value in spec.mean],
        std=[255.0 * value for value in spec.std],
        output_layout="CHW",
        dtype=types.FLOAT,
    )


@pipeline_def(enable_conditionals=True)  # type: ignore[untyped-decorator]
def _pipeline(files: list[str], recipe: Recipe, decoder: Decoder) -> tuple[Any, ...]:
    encoded, _ = fn.readers.file(files=files, random_shuffle=True, initial_fill=len(files))
    if len(recipe.views) == 1:
        (spec,) = recipe.views
        region = fn.decoders.image_random_crop(
            encoded, device=decoder, output_type=types.RGB, random_area=spec.scale,
            random_aspect_ratio=spec.ratio, use_fast_idct=True,
        )  # fmt: skip
        filter_type = INTERPOLATIONS[spec.interpolation]
        view = fn.resize(region, size=(spec.size, spec.size), interp_type=filter_type)
        return (_finish(view, spec),)
    images = fn.decoders.image(encoded, device=decoder, output_type=types.RGB, use_fast_idct=True)
    views = []
    for spec in recipe.views:
        view = fn.random_resized_crop(
            images, size=(spec.size, spec.size), random_area=spec.scale,
            random_aspect_ratio=spec.ratio, interp_type=INTERPOLATIONS[spec.interpolation],
        )  # fmt: skip
        views.append(_finish(view, spec))
    return tuple(views)


def make_pipeline(
    files: Sequence[Path],
    recipe: Recipe,
    *,
    batch_size: int,
    threads: int,
    seed: int,
    decoder: Decoder = "cpu",
) -> Any:
    """A pipeline that is built. ``decoder`` "mixed": on GPU 0, and so is all that follows."""
    pipeline = _pipeline(
        files=[str(path) for path in files],
        recipe=recipe,
        decoder=decoder,
        seed=seed,
        batch_size=batch_size,
        num_threads=threads,
        device_id=None if decoder == "cpu" else 0,
        prefetch_queue_depth=2,
    )
    pipeline.build()
    return pipeline


def make_pipeline_of_ours(
    files: Sequence[Path],
    recipe: Recipe,
    *,
    batch_size: int,
    threads: int,
    seed: int,
    decoder: Decoder = "cpu",
) -> Any:
    """DALI's reader, and our operator behind it. "mixed": on GPU 0, views in bfloat16, as bits."""
    dali.enable()
    on_cpu = decoder == "cpu"
    pipeline = Pipeline(
        batch_size=batch_size,
        num_threads=threads,
        device_id=None if on_cpu else 0,
        seed=seed,
        prefetch_queue_depth=2,
    )
    with pipeline:
        names = [str(path) for path in files]
        encoded, _ = fn.readers.file(files=names, random_shuffle=True, initial_fill=len(names))
        epoch = fn.cast(fn.random.uniform(range=[0, 2**20]), dtype=types.INT32)
        ours: Any = fn
        views = ours.fastpass.multi_crop(
            encoded, recipe=dali.recipe(recipe), epoch=epoch, seed=seed, device=decoder,
            dtype=types.FLOAT if on_cpu else types.UINT16,
        )  # fmt: skip
        pipeline.set_outputs(*(views if len(recipe.views) > 1 else [views]))
    pipeline.build()
    return pipeline


class DaliCpu:
    """On CPU threads, from plain files."""

    def __init__(self, job: FeedJob, *, is_ours: bool = False) -> None:
        is_single = len(job.recipe.views) == 1
        self.name, self.how = "DALI", "image_random_crop" if is_single else "decode once"
        if is_ours:
            self.name, self.how = "fastpass in DALI", "fn.fastpass.multi_crop, mode 'fast'"
        self.how = f"CPU pipeline, {self.how}"
        self._job, self._make = job, make_pipeline_of_ours if is_ours else make_pipeline

    def batches(self) -> Iterator[Sequence[Any]]:
        """The tensors share DALI's memory until the next batch: no copy is charged to it."""
        job = self._job
        pipeline = self._make(
            job.photos.files, job.recipe, batch_size=job.batch_size, threads=job.threads,
            seed=job.seed,
        )  # fmt: skip
        while True:
            outputs = pipeline.run()
            yield [torch.from_numpy(np.asarray(output.as_tensor())) for output in outputs]

    def paths(self) -> Sequence[Path]:
        return self._job.photos.files


def make_peers(job: FeedJob) -> list[DaliCpu]:
    """DALI; and ours inside of it, where that backend is asked for."""
    is_asked = "dali" in job.backends and "fast" in job.modes
    return [DaliCpu(job), *([DaliCpu(job, is_ours=True)] if is_asked else [])]
