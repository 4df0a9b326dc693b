"""``fastpass bench feed|augment|decode SRC``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fastpass.bench.options import (
    MODES,
    PEERS,
    RECIPES,
    delivery_options,
    feed_options,
    repeats_option,
    seconds_option,
    seed_option,
)
from fastpass.bench.session import Delivery, deliver, scratch_folder
from fastpass.common.command_line import Command
from fastpass.common.progress import shown_progress


@click.group("bench")
def bench_group() -> None:
    """Measure a stage on your own photos, beside the other libraries that are installed here."""


@bench_group.command("feed", cls=Command)
@click.argument("source", metavar="SRC")
@feed_options
@delivery_options
def feed_command(source: str, delivery: Delivery, **options: Any) -> None:
    """JPEG bytes to normalized batches, images/s: fastpass.Loader against other loaders.

    SRC: a folder of JPEGs, a tar, or a pattern. Its photos are copied: plain files for the others,
    an indexed tar for us. All read the same photos with the same number of threads, from memory.
    """
    from fastpass.bench.plot import plot_feed
    from fastpass.bench.table import print_feed

    measure = functools.partial(measure_feed, source, **options)
    deliver("feed", measure, delivery, print_feed, plot_feed)


@bench_group.command("augment", cls=Command)
@click.argument("source", metavar="SRC")
@repeats_option
@seconds_option
@click.option("--photos", "num_photos", default=10, show_default=True, type=click.IntRange(min=1))
@seed_option
@delivery_options
def augment_command(source: str, delivery: Delivery, **options: Any) -> None:
    """Rendering alone, one thread: each step and whole recipes, against Pillow and torchvision."""
    from fastpass.bench.augment import run_augment
    from fastpass.bench.plot import plot_works
    from fastpass.bench.table import print_augment

    measure = functools.partial(_in_scratch, run_augment, source, options)
    deliver("augment", measure, delivery, print_augment, plot_works)


@bench_group.command("decode", cls=Command)
@click.argument("source", metavar="SRC")
@repeats_option
@seconds_option
@click.option("--limit", default=200, show_default=True, type=click.IntRange(min=1))
@seed_option
@delivery_options
def decode_command(source: str, delivery: Delivery, **options: Any) -> None:
    """JPEG bytes to RGB, one thread: whole images and regions, against Pillow and simplejpeg."""
    from fastpass.bench.decode import run_decode
    from fastpass.bench.plot import plot_works
    from fastpass.bench.table import print_decode

    measure = functools.partial(_in_scratch, run_decode, source, options)
    deliver("decode", measure, delivery, print_decode, plot_works)


def measure_feed(
    source: str, *, recipes: tuple[str, ...], peers: tuple[str, ...],
    modes: tuple[str, ...], scratch: Path | None, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """The record's body for the options of ``feed_options``."""
    from fastpass.bench.feed import FeedPlan, run_feed

    plan = FeedPlan(
        recipes=recipes or RECIPES,
        peers=peers or PEERS,
        modes=modes or MODES,  # type: ignore[arg-type]
        **settings,
    )
    with scratch_folder(scratch) as folder, shown_progress() as on_progress:
        return run_feed(source, plan, folder, on_progress)


def _in_scratch(
    run: Callable[..., dict[str, Any]], source: str, options: dict[str, Any]
) -> dict[str, Any]:
    with scratch_folder(None) as folder, shown_progress() as on_progress:
        return run(source, folder, on_progress=on_progress, **options)
