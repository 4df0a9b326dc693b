"""From JPEG files to normalized DINO batches (2 x 224 + 8 x 96 px): images/s of fastpass and peers.

    python -m benchmarks.feed --threads 2 --repeats 5

All loaders read the same photos with the same number of threads in one run; their repeats are
interleaved, so that a slow minute of the machine hits all of them. Every repeat starts the loader
anew and warms it up before the clock starts. A peer that is not installed is left out by name.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.machine import summarize, write_record
from benchmarks.peers.feed_peer import FeedJob, FeedPeer
from benchmarks.photos import list_photos, photo_folder

PEERS = {
    "fastpass": ("benchmarks.peers.fastpass_dino", "FastpassDino"),
    "torchvision": ("benchmarks.peers.torchvision_dino", "TorchvisionDino"),
    "dali": ("benchmarks.peers.dali_dino", "DaliDino"),
}
VIEW_SIZES = [224] * 2 + [96] * 8


def load_peers(names: list[str], job: FeedJob) -> tuple[list[FeedPeer], dict[str, str]]:
    """(usable peers, why each other one is left out)."""
    peers: list[FeedPeer] = []
    missing: dict[str, str] = {}
    for name in names:
        module, attribute = PEERS[name]
        try:
            peers.append(getattr(importlib.import_module(module), attribute)(job))
        except ImportError as error:
            missing[name] = f"not installed: {error.name or error}"
    return peers, missing


def measure(peer: FeedPeer, job: FeedJob, num_warm_up: int, num_batches: int) -> float:
    """images/s over ``num_batches`` batches, after ``num_warm_up`` that are not counted."""
    with closing(peer.batches()) as batches:
        for _ in range(num_warm_up):
            check_batch(next(batches), job.batch_size)
        start = time.perf_counter()
        for _ in range(num_batches):
            views = next(batches)
        seconds = time.perf_counter() - start
        check_batch(views, job.batch_size)
    return num_batches * job.batch_size / seconds


def check_batch(views: Any, batch_size: int) -> None:
    """No peer may win by doing less: the shapes, and values that look normalized."""
    shapes = [tuple(view.shape) for view in views]
    wanted = [(batch_size, 3, size, size) for size in VIEW_SIZES]
    if shapes != wanted:
        raise RuntimeError(f"wrong views: {shapes}, wanted {wanted}")
    low, high = float(views[0].min()), float(views[0].max())
    if not -2.2 < low < high < 2.7:
        raise RuntimeError(f"values in [{low:.2f}, {high:.2f}] are not normalized pixels")


def print_table(console: Console, results: dict[str, Any], how: dict[str, str]) -> None:
    table = Table(title="DINO recipe, JPEG files to normalized tensors")
    for column in ("loader", "images/s", "p5 .. p95", "fastpass is", "how"):
        table.add_column(column, justify="left" if column in ("loader", "how") else "right")
    for name, result in results.items():
        ratio = result.get("fastpass_ratio")
        table.add_row(
            name, f"{result['median']:.1f}", f"{result['p5']:.1f} .. {result['p95']:.1f}",
            "" if ratio is None else f"{ratio:.2f}x", how[name],
        )  # fmt: skip
    console.print(table)


@click.command()
@click.option("--photos", type=click.Path(path_type=Path), help="Folder of JPEGs.")
@click.option("--threads", default=len(os.sched_getaffinity(0)), show_default=True)
@click.option("--batch-size", default=16, show_default=True)
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--batches", default=6, show_default=True, help="Measured batches of a repeat.")
@click.option("--warm-up", default=None, type=int, help="[default: two per thread]")
@click.option("--peer", "names", multiple=True, type=click.Choice(list(PEERS)), help="[all]")
@click.option("--seed", default=0, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="[results/feed.json]")
def main(
    photos: Path | None, threads: int, batch_size: int, repeats: int, batches: int,
    warm_up: int | None, names: tuple[str, ...], seed: int, output: Path | None,
) -> None:  # fmt: skip
    """Measure, print the table, write the record."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = photo_folder(photos, Path(scratch))
        job = FeedJob(folder, list_photos(folder), batch_size, threads, seed)
        peers, missing = load_peers(list(names or PEERS), job)
        rates: dict[str, list[float]] = {peer.name: [] for peer in peers}
        with Progress(console=console, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("measuring", total=repeats * len(peers))
            for _ in range(repeats):
                for peer in peers:
                    num_warm_up = 2 * threads if warm_up is None else warm_up
                    rates[peer.name].append(measure(peer, job, num_warm_up, batches))
                    progress.advance(task)
    results = {name: summarize(samples) for name, samples in rates.items()}
    if "fastpass" in results:
        for name in results.keys() - {"fastpass"}:
            ratio = results["fastpass"]["median"] / results[name]["median"]
            results[name]["fastpass_ratio"] = round(ratio, 3)
    print_table(console, results, {peer.name: peer.how for peer in peers})
    for name, reason in missing.items():
        console.print(f"{name} left out ({reason})")
    settings = {
        "photos": folder.name, "num_photos": len(job.files), "threads": threads,
        "batch_size": batch_size, "repeats": repeats, "batches": batches, "seed": seed,
    }  # fmt: skip
    body = {"unit": "images/s", "settings": settings, "results": results, "left_out": missing}
    click.echo(write_record("feed", body, output))


if __name__ == "__main__":
    main()
