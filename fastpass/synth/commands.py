"""``fastpass synth``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fastpass.common.command_line import Command, force_folder_option
from fastpass.common.progress import shown_progress


@click.command("synth", cls=Command)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for train-*.tar and val-*.tar.",
)
@click.option("--classes", default=10, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--per-class",
    default=200,
    show_default=True,
    type=click.IntRange(min=1),
    help="Training pictures of each class.",
)
@click.option(
    "--val-per-class",
    default=50,
    show_default=True,
    type=click.IntRange(min=0),
    help="Validation pictures of each class.",
)
@click.option(
    "--size",
    default=256,
    show_default=True,
    type=click.IntRange(32, 4096),
    help="Side of the square pictures, pixels.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--workers", type=click.IntRange(min=1), help="Threads  [default: one per core]")
@force_folder_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def synth(
    output: Path,
    classes: int,
    per_class: int,
    val_per_class: int,
    size: int,
    seed: int,
    workers: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Render labelled fractal pictures as WebDataset shards (CC0, the same for the same seed)."""
    from fastpass.synth.dataset import synthesize

    with shown_progress() as on_progress:
        summary = synthesize(
            output,
            num_classes=classes,
            images_per_class=per_class,
            val_images_per_class=val_per_class,
            size=size,
            seed=seed,
            workers=workers,
            force=force,
            on_progress=on_progress,
        )
    if as_json:
        record = {
            "shards": [str(path) for path in summary.shards],
            "num_images": summary.num_images,
            "num_bytes": summary.num_bytes,
            "seconds": round(summary.seconds, 3),
        }
        click.echo(json.dumps(record))
        return
    click.echo(
        f"{summary.num_images} pictures in {len(summary.shards)} shards, "
        f"{summary.num_bytes / 1e6:.1f} MB, {summary.seconds:.1f} s "
        f"({summary.num_images / summary.seconds:.0f} images/s): {output}"
    )
