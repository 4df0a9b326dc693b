"""``fastpass bench feed|augment|decode SRC``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fastpass.bench.options import (
    MODES,
    PEERS,
    RECIPES,
    feed_options,
    json_option,
    output_option,
    repeats_option,
    seconds_option,
    seed_option,
)
from fastpass.bench.session import deliver, progress_bar, run_or_refuse, scratch_folder


@click.group("bench")
def bench_group() -> None:
    """Measure a stage on your own photos, beside the other libraries that are installed here."""


@bench_group.command("feed")
@click.argument("source", metavar="SRC")
@feed_options
@output_option
@json_option
def feed_command(source: str, output: Path | None, as_json: bool, **options: Any) -> None:
    """JPEG bytes to normalized batches, images/s: fastpass.Loader against other loaders.

    SRC: a folder of JPEGs, a tar, or a pattern. Its photos are copied: plain files for the others,
    an indexed tar for us. All read the same photos with the same number of threads, from memory.
    """
    from fastpass.bench.plot import plot_feed
    from fastpass.bench.table import print_feed

    body = run_or_refuse(lambda console: measure_feed(source, console, **options))
    deliver("feed", body, output, as_json, print_feed, plot_feed)


@bench_group.command("augment")
@click.argument("source", metavar="SRC")
@repeats_option
@seconds_option
@click.option("--photos", "num_photos", default=10, show_default=True, type=click.IntRange(min=1))
@seed_option
@output_option
@json_option
def augment_command(source: str, output: Path | None, as_json: bool, **options: Any) -> None:
    """Rendering alone, one thread: each step and whole recipes, against Pillow and torchvision."""
    from fastpass.bench.augment import run_augment
    from fastpass.bench.plot import plot_works
    from fastpass.bench.table import print_augment

    body = run_or_refuse(lambda console: _in_scratch(run_augment, source, console, options))
    deliver("augment", body, output, as_json, print_augment, plot_works)


@bench_group.command("decode")
@click.argument("source", metavar="SRC")
@repeats_option
@seconds_option
@click.option("--limit", default=200, show_default=True, type=click.IntRange(min=1))
@seed_option
@output_option
@json_option
def decode_command(source: str, output: Path | None, as_json: bool, **options: Any) -> None:
    """JPEG bytes to RGB, one thread: whole images and regions, against Pillow and simplejpeg."""
    from fastpass.bench.decode import run_decode
    from fastpass.bench.plot import plot_works
    from fastpass.bench.table import print_decode

    body = run_or_refuse(lambda console: _in_scratch(run_decode, source, console, options))
    deliver("decode", body, output, as_json, print_decode, plot_works)


def measure_feed(
    source: str, console: Any, *, recipes: tuple[str, ...], peers: tuple[str, ...],
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
    with scratch_folder(scratch) as folder, progress_bar(console) as on_progress:
        return run_feed(source, plan, folder, on_progress)


def _in_scratch(
    run: Callable[..., dict[str, Any]], source: str, console: Any, options: dict[str, Any]
) -> dict[str, Any]:
    with scratch_folder(None) as folder, progress_bar(console) as on_progress:
        return run(source, folder, on_progress=on_progress, **options)
