"""DALI with its mixed decoder and GPU operators, the same pipeline as the CPU peer otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nvidia.dali import fn, pipeline_def, types

from benchmarks.photos import list_photos
from fastpass.augment import Recipe
from fastpass.bench.peers.dali import INTERPOLATIONS, _finish


@pipeline_def(enable_conditionals=True)  # type: ignore[untyped-decorator]
def _pipeline(files: list[str], recipe: Recipe) -> tuple[Any, ...]:
    encoded, _ = fn.readers.file(files=files, random_shuffle=True, initial_fill=len(files))
    images = fn.decoders.image(encoded, device="mixed", output_type=types.RGB)
    views = []
    for spec in recipe.views:
        view = fn.random_resized_crop(
            images, size=(spec.size, spec.size), random_area=spec.scale,
            random_aspect_ratio=spec.ratio, interp_type=INTERPOLATIONS[spec.interpolation],
        )  # fmt: skip
        views.append(_finish(view, spec))
    return tuple(views)


def mixed_pipeline(folder: Path, recipe: Recipe, *, batch_size: int, threads: int) -> Any:
    """Built, on GPU 0."""
    files = [str(path) for path in list_photos(folder)]
    pipeline = _pipeline(
        files, recipe, batch_size=batch_size, num_threads=threads, device_id=0,
        prefetch_queue_depth=2,
    )  # fmt: skip
    pipeline.build()
    return pipeline
