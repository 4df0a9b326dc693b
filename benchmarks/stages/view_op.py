"""What an operation on views costs: DINO batches with and without random erasing, images/s.

    python -m benchmarks.view_op --threads 2 --repeats 7

The loaders take turns on the same photos, as in `benchmarks.feed`: ours without an operation, with
random erasing on every view, with RandAugment's geometry on every view, and torchvision's
transforms with its own RandomErasing in a DataLoader. numba has compiled before the clock starts.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.machine import summarize, write_record
from benchmarks.photos import photo_folder
from fastpass import Recipe, ViewOp, recipes, view_ops
from fastpass.bench.feed import MIN_BATCHES_PER_EPOCH
from fastpass.bench.measure import Entry, measure_all
from fastpass.bench.peers.fastpass_loader import FastpassLoader
from fastpass.bench.peers.feed_peer import FeedJob, FeedPeer
from fastpass.bench.peers.photos import collect_photos
from fastpass.bench.record import median_ratio

PLAIN, ERASING = "fastpass", "fastpass, random erasing"
GEOMETRY, TORCHVISION = "fastpass, RandAugment's geometry", "torchvision, random erasing"


def entries_of(job: FeedJob) -> list[Entry]:
    """``job`` with each of the four loaders; its recipe has no operations."""
    erasing = replace(job, recipe=with_op(job.recipe, view_ops.random_erasing))
    geometry = replace(job, recipe=with_op(job.recipe, view_ops.rand_augment_geometry))
    ours = [
        Entry(_named(name, FastpassLoader(own, "fast")), own)
        for name, own in ((PLAIN, job), (ERASING, erasing), (GEOMETRY, geometry))
    ]
    return [*ours, Entry(torchvision_peer(job), job)]


def with_op(recipe: Recipe, op: ViewOp) -> Recipe:
    """The recipe with the operation on every view."""
    return Recipe(recipe.name, tuple(replace(view, ops=(op,)) for view in recipe.views))


def torchvision_peer(job: FeedJob) -> FeedPeer:
    """Published transforms, and torchvision's RandomErasing behind them."""
    from PIL import Image
    from torchvision import transforms

    from fastpass.bench.peers.torch_loader import DataLoaderPeer, ViewsOfFiles
    from fastpass.bench.peers.torchvision_pil import pil_transform

    views = [
        transforms.Compose([pil_transform(spec), transforms.RandomErasing()])
        for spec in job.recipe.views
    ]
    files = ViewsOfFiles(job.photos.files, lambda path: Image.open(path).convert("RGB"), views)
    return DataLoaderPeer(TORCHVISION, "transforms on PIL images", job, files, job.threads)


def _named(name: str, peer: FastpassLoader) -> FastpassLoader:
    peer.name = name
    return peer


def body_of(entries: list[Entry], settings: dict[str, Any]) -> dict[str, Any]:
    """The record: images/s, and how they compare with our loader without an operation."""
    plain = entries[0].rates
    results = {
        entry.peer.name: {
            "images_per_second": summarize(entry.rates),
            "of_plain": median_ratio(entry.rates, plain),
        }
        for entry in entries
        if not entry.failure
    }
    failed = {entry.peer.name: entry.failure for entry in entries if entry.failure}
    return {"unit": "images/s", "settings": settings, "results": results, "left_out": failed}


def print_table(body: dict[str, Any]) -> None:
    table = Table(title="DINO, 2x224 + 8x96: what an operation costs")
    for column in ("loader", "images/s", "of our loader without"):
        table.add_column(column, justify="left" if column == "loader" else "right")
    for name, found in body["results"].items():
        rate = found["images_per_second"]["median"]
        table.add_row(name, f"{rate:.1f}", f"{found['of_plain']:.3f}")
    Console(stderr=True).print(table)


@click.command()
@click.option("--photos", type=click.Path(path_type=Path), help="Folder of JPEGs.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
@click.option("--batch-size", type=click.IntRange(1), default=32, show_default=True)
@click.option("--repeats", type=click.IntRange(1), default=7, show_default=True)
@click.option("--seconds", type=float, default=3.0, show_default=True, help="Of each repeat.")
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(
    photos: Path | None,
    threads: int,
    batch_size: int,
    repeats: int,
    seconds: float,
    output: Path | None,
) -> None:
    """Measure, print the table, write the record."""
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made) / "work"
        folder = photo_folder(photos, Path(made))
        epoch_size = MIN_BATCHES_PER_EPOCH * batch_size
        found = collect_photos(str(folder), scratch, epoch_size=epoch_size)
        job = FeedJob(found, recipes.dino(), batch_size, threads, seed=0, scratch=scratch)
        entries = entries_of(job)
        measure_all(entries, repeats, seconds, lambda: None)
    settings = {
        "photos": folder.name,
        "num_photos": len(found.files),
        "threads": threads,
        "batch_size": batch_size,
        "repeats": repeats,
        "seconds": seconds,
    }
    body = body_of(entries, settings)
    print_table(body)
    click.echo(write_record("view_op", body, output))


if __name__ == "__main__":
    main()
