"""The embedded default data: labelled fractal pictures as tar shards."""

from __future__ import annotations

import io
import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from fastpass.common.checks import require_integer
from fastpass.common.filled_folder import filled_folder
from fastpass.common.processors import available_processors
from fastpass.common.progress import OnProgress, no_progress
from fastpass.common.thread_pool import thread_pool
from fastpass.errors import MissingBackend
from fastpass.pack.index import is_index
from fastpass.synth.ifs import IteratedFunctionSystem, sample_system, vary_system
from fastpass.synth.scene import Picture, draw_picture
from fastpass.synth.shards import json_bytes, write_shards

VARIATION = 0.04  # of the instances of a class; see ifs.vary_system
# Share of the picture's cells that the fractal touches (Picture.coverage), else it is drawn again:
# of a class's own system on a small picture, and of every picture.
CLASS_TRIAL_SIZE = 64
CLASS_COVERAGE_RANGE = (0.10, 0.60)
COVERAGE_RANGE = (0.05, 0.75)
MAX_ATTEMPTS = 64  # at a picture; each varies the class less, so the last ones are the class itself
JPEG_QUALITY = 90  # 4:2:0, Pillow's default subsampling
SAMPLES_PER_SHARD = 1000
SPLITS = ("train", "val")

_Sample = tuple[str, Mapping[str, bytes]]  # its key, and its members by extension

# Namespaces of the seed sequence: classes never share random numbers with pictures.
_CLASS_STREAM, _PICTURE_STREAM = 0, 1


@dataclass(frozen=True)
class SynthSummary:
    """What ``synthesize`` wrote. seconds: wall clock, compiling included."""

    shards: tuple[Path, ...]
    num_images: int
    num_bytes: int
    seconds: float


def synthesize(
    output: str | Path,
    *,
    num_classes: int = 10,
    images_per_class: int = 200,
    val_images_per_class: int = 0,
    size: int = 256,
    seed: int = 0,
    workers: int | None = None,
    force: bool = False,
    on_progress: OnProgress = no_progress,
) -> SynthSummary:
    """Render fractal pictures of random iterated function systems and write them as tar shards.

    Writes ``output/train-000000.tar``, ... and, where ``val_images_per_class`` is positive, other
    pictures of the same classes as ``output/val-000000.tar``, ... Every sample has three members:
    ``key.jpg`` (size x size pixels, RGB, quality 90, 4:2:0), ``key.cls`` (the class, decimal) and
    ``key.json`` (title, author, license, license_url, source). Classes take turns, so any stretch
    of a shard holds all of them. The bytes depend on the arguments alone, never on ``workers``
    (threads; None: one per core this process may use).

    Method: Anderson and Farrell, "Improving Fractal Pre-training", WACV 2022 (see ``ifs``).
    ``on_progress`` is called after every picture. The folder gets all shards or none; ``force``
    replaces what fastpass wrote into it, and nothing else.

    Raises BadArgument, WriteFailed (WouldOverwrite: the folder has content), and MissingBackend
    without numba.
    """
    started = time.perf_counter()
    _check(num_classes, images_per_class, val_images_per_class, size, seed, workers)
    counts = dict(zip(SPLITS, (images_per_class, val_images_per_class), strict=True))
    num_images = num_classes * sum(counts.values())
    num_done = itertools.count(1)

    def told(samples: Iterable[_Sample]) -> Iterator[_Sample]:
        for sample in samples:
            on_progress("drawing", next(num_done), num_images)
            yield sample

    shards: list[Path] = []
    with (
        filled_folder(output, force=force, is_ours=is_index) as folder,
        thread_pool(workers or available_processors()) as pool,
    ):
        systems = [class_system(seed, class_index) for class_index in range(num_classes)]
        for split, per_class in counts.items():
            samples = _render_all(pool, systems, split, per_class, size, seed)
            shards += write_shards(told(samples), folder, split, SAMPLES_PER_SHARD)
    shards = [Path(output) / path.name for path in shards]
    return SynthSummary(
        shards=tuple(shards),
        num_images=num_images,
        num_bytes=sum(path.stat().st_size for path in shards),
        seconds=time.perf_counter() - started,
    )


def class_system(seed: int, class_index: int) -> IteratedFunctionSystem:
    """The system that class ``class_index`` of the data of ``seed`` is made of."""
    rng = np.random.default_rng([seed, _CLASS_STREAM, class_index])
    while True:
        system = sample_system(rng)
        trial = draw_picture(system, rng, CLASS_TRIAL_SIZE)
        if CLASS_COVERAGE_RANGE[0] <= trial.coverage <= CLASS_COVERAGE_RANGE[1]:
            return system


def instance_picture(
    system: IteratedFunctionSystem,
    *,
    seed: int,
    split: str,
    class_index: int,
    instance: int,
    size: int,
) -> Picture:
    """One picture of a class; ``split`` is one of SPLITS. Same arguments, same pixels."""
    entropy = [seed, _PICTURE_STREAM, SPLITS.index(split), class_index, instance]
    rng = np.random.default_rng(entropy)
    for attempt in range(MAX_ATTEMPTS):
        relative = vary_system(system, rng, VARIATION * 0.9**attempt)
        picture = draw_picture(relative, rng, size)
        if COVERAGE_RANGE[0] <= picture.coverage <= COVERAGE_RANGE[1]:
            break
    return picture


def _sample_fields(
    system: IteratedFunctionSystem,
    split: str,
    class_index: int,
    instance: int,
    size: int,
    seed: int,
) -> Mapping[str, bytes]:
    from PIL import Image

    picture = instance_picture(
        system, seed=seed, split=split, class_index=class_index, instance=instance, size=size
    )
    encoded = io.BytesIO()
    Image.fromarray(picture.image).save(encoded, "JPEG", quality=JPEG_QUALITY)
    record = {
        "title": f"Fractal {class_index}, {split} picture {instance}",
        "author": "fastpass synth",
        "license": "CC0-1.0",
        "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "source": f"ifs class {class_index} instance {instance} split {split} seed {seed}",
    }
    return {"jpg": encoded.getvalue(), "cls": str(class_index).encode(), "json": json_bytes(record)}


def _render_all(
    pool: ThreadPoolExecutor,
    systems: list[IteratedFunctionSystem],
    split: str,
    per_class: int,
    size: int,
    seed: int,
) -> Iterator[_Sample]:
    """Samples in order; a bounded number of them is in the making, so memory stays flat."""
    pending: deque[tuple[str, Future[Mapping[str, bytes]]]] = deque()

    def finish() -> _Sample:
        key, future = pending.popleft()
        return key, future.result()

    for index in range(per_class * len(systems)):
        instance, class_index = divmod(index, len(systems))
        arguments = (systems[class_index], split, class_index, instance, size, seed)
        pending.append((f"{split}{index:08d}", pool.submit(_sample_fields, *arguments)))
        if len(pending) >= 256:
            yield finish()
    while pending:
        yield finish()


def _check(
    num_classes: int,
    images_per_class: int,
    val_images_per_class: int,
    size: int,
    seed: int,
    workers: int | None,
) -> None:
    limits = (
        ("num_classes", num_classes, 1, 1_000_000),
        ("images_per_class", images_per_class, 1, 1_000_000),
        ("val_images_per_class", val_images_per_class, 0, 1_000_000),
        ("size", size, 32, 4096),
        ("seed", seed, 0, 2**63 - 1),
        ("workers", 1 if workers is None else workers, 1, 1024),
    )
    for name, value, low, high in limits:
        require_integer(name, value, low, high)
    if find_spec("numba") is None:
        raise MissingBackend("fastpass synth needs numba: pip install 'fastpass[train]'")
