"""``fastpass evaluate ...``: numbers on a terminal, or JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args

import click

from fastpass.common.command_line import Command, force_option
from fastpass.common.files import write_file
from fastpass.common.outputs import claim_file
from fastpass.common.progress import shown_progress
from fastpass.evaluate.which import Which


@click.group("evaluate")
def evaluate_group() -> None:
    """Measure what an encoder has learned."""


@evaluate_group.command("knn", cls=Command)
@click.option("--checkpoint", required=True, help="Folder of a training run, or one checkpoint.")
@click.option("--train", "train_source", required=True, help="Labelled images to vote with.")
@click.option("--val", "val_source", required=True, help="Labelled images to classify.")
@click.option(
    "--k", type=click.IntRange(min=1), default=20, show_default=True, help="Number of neighbors."
)
@click.option(
    "--temperature",
    type=click.FloatRange(1e-6, 1e6),
    default=0.07,
    show_default=True,
    help="A neighbor votes with exp(similarity / temperature).",
)
@click.option(
    "--mode",
    type=click.Choice(["exact", "fast"]),
    default="exact",
    show_default=True,
    help="How images are read: exact is bit for bit Pillow and torchvision.",
)
@click.option(
    "--features",
    "which",
    type=click.Choice(get_args(Which)),
    default="teacher",
    show_default=True,
    help="Whose features: a network of the checkpoint, or a baseline.",
)
@click.option("--untrained", is_flag=True, help="Also the same encoder before training.")
@click.option("--curve", is_flag=True, help="Also every earlier checkpoint that was kept.")
@click.option("--batch-size", type=click.IntRange(min=1), default=256, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the JSON here.")
@force_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def knn_command(
    checkpoint: str,
    train_source: str,
    val_source: str,
    k: int,
    temperature: float,
    mode: Literal["exact", "fast"],
    which: Which,
    untrained: bool,
    curve: bool,
    batch_size: int,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """k-NN accuracy of frozen features (DINO's protocol), printed and written as JSON.

    The classes of both sets are matched by name. The JSON goes into the run's folder, where
    `fastpass report` finds it (knn-FEATURES-step-N.json), unless -o says where.
    """
    from fastpass.evaluate.knn_run import KIND, evaluate_knn
    from fastpass.train.checkpoint import find_checkpoint, kept_checkpoints

    found = find_checkpoint(checkpoint)
    earlier = [c for c in kept_checkpoints(checkpoint) if c.step < found.step] if curve else []
    path = output or _run_folder(found.folder) / f"knn-{which}-step-{found.step:08d}.json"
    claim_file(path, KIND, inputs=[found.folder, train_source, val_source], force=force)
    kinds: list[Which] = [which, "untrained"] if untrained and which != "untrained" else [which]
    with shown_progress() as on_progress:
        report = evaluate_knn(
            found,
            train_source,
            val_source,
            kinds,
            earlier=earlier,
            k=k,
            temperature=temperature,
            mode=mode,
            batch_size=batch_size,
            on_progress=on_progress,
        )
    if as_json:
        click.echo(json.dumps(report))
    else:
        print_table(report)
    write_file(path, json.dumps(report, indent=1) + "\n")
    click.echo(path, err=True)


def _run_folder(checkpoint: Path) -> Path:
    """Where `fastpass report` looks; beside a checkpoint that was taken out of its run."""
    parent = checkpoint.resolve().parent
    return parent.parent if parent.name == "checkpoints" else parent


def print_table(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"k-NN, k = {report['k']}, T = {report['temperature']}"
    table = Table("features", "step", "top-1 %", title=title)
    for row in report["results"]:
        table.add_row(row["features"], str(row["step"]), f"{row['top1']:.2f}")
    Console().print(table)
