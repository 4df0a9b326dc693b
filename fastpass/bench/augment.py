"""Rendering alone: decoded pixels to normalized views, on one thread, step by step.

Ours is fp.render on arrays, a Python call per image and its arguments' conversion included;
beside it Pillow and torchvision's functions, given the same drawn parameters, then to_tensor and
normalize. Every step ends in normalized float32: subtract the first work to see a step alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fastpass.augment import Recipe, ViewParams, ViewSpec, render
from fastpass.augment.recipes import RECIPES
from fastpass.bench.job_loop import Run, measure_runs, work_rows
from fastpass.bench.parity import (
    Pixels,
    RenderJob,
    difference_from_pillow,
    pil_view,
    render_jobs,
)
from fastpass.bench.peers.photos import collect_photos
from fastpass.bench.work_count import count_work
from fastpass.common.progress import OnProgress, no_progress
from fastpass.decode import decode_jpeg
from fastpass.pack.sources import Source

OURS = "fastpass"
PILLOW = "Pillow + torchvision"
NOTE = "fastpass through fp.render on pixels: one Python call per image is included"
RECIPE_NAMES = ("dino", "moco_v2", "rrc")
SIZE = 224  # of the step works, pixels
RESIZES = (  # height and width of the source, size of the view
    (150, 150, 224),
    (375, 500, 224),
    (750, 1000, 224),
    (1500, 2000, 224),
    (150, 200, 96),
)


def run_augment(
    source: Source,
    scratch: Path,
    *,
    repeats: int = 5,
    seconds: float = 0.5,
    num_photos: int = 10,
    seed: int = 0,
    on_progress: OnProgress = no_progress,
) -> dict[str, Any]:
    """The body of the record. Raises what ``collect_photos`` raises."""
    files = collect_photos(source, scratch, limit=num_photos).files
    photos = [decode_jpeg(path.read_bytes()) for path in files]
    works = step_works(photos[0]) | recipe_works(photos, seed)
    left_out: dict[str, str] = {}
    found: dict[str, Any] = {}
    done, total = 0, 1

    def advance() -> None:
        nonlocal done
        done += 1
        on_progress("rendering", done, total)

    for name, (title, jobs) in works.items():
        runs, missing = make_runs(jobs)
        left_out |= missing
        total = repeats * len(runs) * len(works)
        times = measure_runs(runs, repeats, seconds, advance)
        num_pixels = sum(spec.size**2 for job in jobs for spec in job.recipe.views)
        rows = work_rows(times, len(jobs), num_pixels, [OURS])
        if PILLOW in runs:
            _add_parity(rows, jobs)
        found[name] = {"title": title, "rows": rows, "work_per_output_pixel": count_work(jobs)}
    settings = {"num_photos": len(photos), "repeats": repeats, "seconds": seconds, "threads": 1}
    return {
        "unit": "ms of processor time per image",
        "note": NOTE,
        "settings": settings,
        "works": found,
        "left_out": left_out,
    }


def step_works(photo: Pixels) -> dict[str, tuple[str, list[RenderJob]]]:
    """name -> (title, one job): each step alone, on the photo brought to the size wanted."""
    same = _scaled(photo, (SIZE, SIZE))
    plain = ViewSpec(SIZE, flip=0.0)
    whole = ViewParams(0, 0, SIZE, SIZE, SIZE, SIZE)
    jitter = replace(whole, has_jitter=True, brightness=1.2, contrast=0.8, saturation=1.1)
    steps: dict[str, tuple[str, ViewParams]] = {
        "store": ("normalize and store", whole),
        "flip": ("flip", replace(whole, is_flipped=True)),
        "jitter": ("jitter without hue", jitter),
        "hue": ("hue", replace(whole, has_jitter=True, hue=0.05)),
        "grayscale": ("grayscale", replace(whole, is_grayscale=True)),
        "blur": ("blur, sigma 1", replace(whole, blur_sigma=1.0)),
        "solarize": ("solarize", replace(whole, is_solarized=True)),
    }
    works = {
        name: (title, [RenderJob(same, Recipe(name, (plain,)), [params])])
        for name, (title, params) in steps.items()
    }
    for interpolation in ("bilinear", "bicubic"):
        for height, width, size in RESIZES:
            spec = replace(plain, size=size, interpolation=interpolation)
            params = ViewParams(0, 0, height, width, size, size)
            job = RenderJob(_scaled(photo, (height, width)), Recipe("resize", (spec,)), [params])
            title = f"{interpolation} {width}x{height} to {size}"
            works[title.replace(" ", "_")] = (title, [job])
    return works


def recipe_works(photos: Sequence[Pixels], seed: int) -> dict[str, tuple[str, list[RenderJob]]]:
    """name -> (title, a job per photo): whole recipes with drawn parameters."""
    return {
        f"recipe_{name}": (f"recipe {name}", render_jobs(photos, RECIPES[name](), seed))
        for name in RECIPE_NAMES
    }


def make_runs(jobs: Sequence[RenderJob]) -> tuple[dict[str, Run], dict[str, str]]:
    """(name -> one pass over the jobs, why a peer is left out)."""
    runs = {OURS: _our_run(jobs)}
    try:
        return runs | {PILLOW: _pillow_run(jobs)}, {}
    except ImportError as error:
        return runs, {PILLOW: f"not installed: {error.name or error}"}


def _our_run(jobs: Sequence[RenderJob]) -> Run:
    def run() -> None:
        for job in jobs:
            render(job.pixels, job.recipe, seed=0, params=job.params)

    return run


def _pillow_run(jobs: Sequence[RenderJob]) -> Run:
    import torch
    import torchvision.transforms.functional as tv
    from PIL import Image

    def run() -> None:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        for job in jobs:
            for spec, params in zip(job.recipe.views, job.params, strict=True):
                view = Image.fromarray(pil_view(job.pixels, spec, params))
                tv.normalize(tv.to_tensor(view), spec.mean, spec.std, inplace=True)
        torch.set_num_threads(before)

    return run


def _add_parity(rows: Sequence[dict[str, Any]], jobs: Sequence[RenderJob]) -> None:
    for row in rows:
        if row["by"] == OURS:
            row["difference_from_pillow"] = difference_from_pillow(jobs, "exact")


def _scaled(pixels: Pixels, sides: tuple[int, int]) -> Pixels:
    from PIL import Image

    height, width = sides
    return np.asarray(Image.fromarray(pixels).resize((width, height)))
