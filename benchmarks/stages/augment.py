"""Rendering alone on one thread: ns per output pixel of every step, parity beside it.

    python -m benchmarks.augment --repeats 5

`fastpass bench augment` on our standard photos: fp.render against Pillow and
torchvision's functions given the same drawn parameters, repeats taking turns.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from benchmarks.machine import output_option, write_record
from benchmarks.photos import photo_folder, photos_option
from fastpass.bench.augment import run_augment
from fastpass.bench.options import repeats_option, seconds_option, seed_option
from fastpass.bench.session import wide_console
from fastpass.bench.table import print_augment
from fastpass.common.progress import shown_progress


@click.command()
@photos_option
@click.option("--num-photos", default=20, show_default=True, type=click.IntRange(min=1))
@repeats_option
@seconds_option
@seed_option
@output_option
def main(
    photos: Path | None, num_photos: int, repeats: int, seconds: float, seed: int,
    output: Path | None,
) -> None:  # fmt: skip
    """Measure, print the table, write the record."""
    console = wide_console(stderr=True)
    with tempfile.TemporaryDirectory() as made, shown_progress() as on_progress:
        folder = photo_folder(photos, Path(made))
        body = run_augment(
            folder, Path(made) / "copy", num_photos=num_photos, repeats=repeats,
            seconds=seconds, seed=seed, on_progress=on_progress,
        )  # fmt: skip
    body["settings"] = {"photos": folder.name, **body["settings"]}
    print_augment(console, body)
    click.echo(write_record("augment", body, output))


if __name__ == "__main__":
    main()
