"""From JPEG bytes to normalized batches: images/s of fastpass and peers, parity beside them.

    python -m benchmarks.feed --threads 1,2 --repeats 5

`fastpass bench feed` on our standard photos. All loaders read the same photos with the same
number of threads in one run; their repeats are interleaved, so that a slow minute of the machine
hits all of them. Every repeat starts the loader anew and warms it up before the clock starts.
A peer that is not installed is left out by name.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import RESULTS, write_record
from benchmarks.photos import photo_folder, photos_option
from fastpass.bench.commands import measure_feed
from fastpass.bench.options import feed_options
from fastpass.bench.plot import plot_feed
from fastpass.bench.session import wide_console
from fastpass.bench.table import print_feed


@click.command()
@photos_option
@feed_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path),
    help="[default: benchmarks/results/feed.json, with --cold feed-cold.json]",
)  # fmt: skip
def main(photos: Path | None, output: Path | None, **options: Any) -> None:
    """Measure, print the table, write the record and its plot."""
    console = wide_console(stderr=True)
    with tempfile.TemporaryDirectory() as made:
        folder = photo_folder(photos, Path(made))
        body = measure_feed(str(folder), **options)
    body["settings"] = {"photos": folder.name, **body["settings"]}
    print_feed(console, body)
    name = "feed-cold" if options["is_cold"] else "feed"
    target = output or RESULTS / f"{name}.json"
    click.echo(write_record("feed", body, target))
    click.echo(plot_feed(body, target.with_suffix(".svg")))


if __name__ == "__main__":
    main()
