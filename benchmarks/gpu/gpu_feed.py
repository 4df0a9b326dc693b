"""JPEG files to bfloat16 views on a GPU: our loader against DALI's mixed pipeline, few CPU threads.

    python -m benchmarks.gpu_feed

The files are read from a folder whose pages are in memory after the first epoch. Every row is a
whole loader, epoch after epoch; a row's rate is that of the images of the timed epochs.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from benchmarks.gpu_run import device_option, open_all, report, require_device, synchronize

import fastpass as fp
from benchmarks.photos import list_photos, photo_folder, photos_option, repeat_photos


def images_per_second(loader: Any, device: str, seconds: float) -> float:
    """Of whole epochs, the first one left out."""
    for _ in loader:
        pass
    synchronize(device)
    start = time.perf_counter()
    count = 0
    while time.perf_counter() - start < seconds:
        for batch in loader:
            count += len(batch.sample_ids)
    synchronize(device)
    return count / (time.perf_counter() - start)


def dalis_pipeline(folder: Path, threads: int, batch_size: int) -> Any:
    """DALI's mixed decoder (hardware engines where there are some) and its GPU operators."""
    from fastpass.bench.peers.dali import make_pipeline

    return make_pipeline(
        list_photos(folder), fp.recipes.dino(), batch_size=batch_size, threads=threads, seed=0,
        decoder="mixed",
    )  # fmt: skip


def our_operator_in_dali(folder: Path, threads: int, batch_size: int) -> Any:
    """DALI's reader, and behind it our operator on the GPU."""
    from fastpass.bench.peers.dali import make_pipeline_of_ours

    return make_pipeline_of_ours(
        list_photos(folder), fp.recipes.dino(), batch_size=batch_size, threads=threads, seed=0,
        decoder="mixed",
    )  # fmt: skip


def pipeline_rate(pipeline: Any, batch_size: int, seconds: float) -> float:
    """Images per second of a DALI pipeline that is warm."""
    for _ in range(20):
        pipeline.run()
    start = time.perf_counter()
    count = 0
    while time.perf_counter() - start < seconds:
        pipeline.run()
        count += batch_size
    synchronize("cuda")
    return count / (time.perf_counter() - start)


PIPELINES = {"DALI mixed": dalis_pipeline, "fastpass in DALI": our_operator_in_dali}


@click.command()
@device_option
@photos_option
@click.option("--num-photos", default=8192, show_default=True, type=click.IntRange(min=1))
@click.option("--batch-size", default=256, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=8.0, show_default=True, type=click.FloatRange(min=0.01))
def main(
    device: str, photos: Path | None, num_photos: int, batch_size: int, seconds: float
) -> None:
    """Measure, print the table, write the record."""
    require_device(device)
    recipe = fp.recipes.dino()
    rows: dict[str, dict[str, float]] = {}
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = repeat_photos(photo_folder(photos, Path(made)), num_photos, Path(made))
        for threads in (1, 2, 4):
            options = {"batch_size": batch_size, "threads": threads, "dtype": "bfloat16"}
            with fp.Loader(folder, recipe, device="cuda", **options) as loader:  # type: ignore[arg-type]
                rate = images_per_second(loader, device, seconds)
                rows[f"fastpass, {threads} threads"] = {
                    "images_per_second": rate,
                    "host_milliseconds_per_image": sum(
                        loader.stats().milliseconds_per_image.values()
                    ),
                }
        for (title, make), threads in itertools.product(PIPELINES.items(), (2, 16)):
            if device != "cuda":
                continue
            name = f"{title}, {threads} threads"

            def measure(name: str = name, make: Any = make, threads: int = threads) -> Any:
                rate = pipeline_rate(make(folder, threads, batch_size), batch_size, seconds)
                rows[name] = {"images_per_second": rate}
                return None

            left_out |= open_all({name: measure})[1]
    body = {
        "settings": {"num_photos": num_photos, "batch_size": batch_size, "seconds": seconds},
        "works": {"DINO, 2x224 + 8x96, files to bfloat16 views": rows},
        "left_out": left_out,
    }
    report("feed", device, body)


if __name__ == "__main__":
    main()
