"""From a run to one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastpass.common.files import write_file
from fastpass.common.machine import describe_machine
from fastpass.pages import Picture, render_page
from fastpass.report import figures
from fastpass.report.run import Run

TEMPLATE = Path(__file__).with_name("report.html.j2")
KIND = "report"  # of output; see fastpass.common.outputs

NEXT_STEPS = (
    ("Put your photos into shards", "fastpass pack ~/Pictures -o runs/mine/data"),
    (
        "Train on them",
        "deepspeed --num_accelerators 2 train.py --config configs/dino_demo.toml "
        "--data 'runs/mine/data/*.tar' --output runs/mine/train",
    ),
    (
        "Take the encoder with you",
        "fastpass export --checkpoint runs/mine/train --to timm -o encoder.safetensors",
    ),
)


def write_report(run: Run, output: str | Path, *, views: Sequence[Picture] = ()) -> Path:
    """Write the report of ``run`` to ``output``, whole or not at all, and return its path.

    The file needs no network and no other file. Raises MissingBackend without jinja2 or
    matplotlib, WriteFailed.
    """
    return write_file(output, render_run_page(run, views))


def render_run_page(run: Run, views: Sequence[Picture] = ()) -> str:
    """The HTML text of the report."""
    return render_page(
        TEMPLATE,
        KIND,
        folder=str(run.folder),
        figures=_headline(run),
        problems=run.problems,
        views=views,
        loss_svg=figures.loss_figure(run),
        knn=run.knn,
        knn_svg=figures.knn_figure(run.knn) if run.knn else "",
        knn_curve_svg=figures.knn_curve_figure(run.knn),
        charts=figures.small_multiples(run),
        commands=run.commands,
        machine=_flat(describe_machine()),
        next_steps=NEXT_STEPS,
    )


def _headline(run: Run) -> list[tuple[str, str]]:
    """(value, what it is) of the few numbers that matter most."""
    last = next((r for r in reversed(run.records) if "loss" in r), {})
    numbers: list[tuple[str, str]] = []
    top1 = {result.name: result.top1 for result in run.knn}
    if "trained" in top1:
        numbers.append((f"{top1['trained']:.1f} %", "k-NN top-1, trained"))
        if "untrained" in top1:
            gain = top1["trained"] - top1["untrained"]
            numbers.append((f"{gain:+.1f}", "points over the same encoder untrained"))
    speed, wait = run.median("images_per_second"), run.median("data_wait")
    if speed is not None:
        numbers.append((f"{speed:.0f}", "images per second (median)"))
    if wait is not None:
        numbers.append((f"{100 * wait:.1f} %", "of the time waiting for images (median)"))
    if last:
        numbers.append((f"{last['loss']:.3f}", f"loss after {last.get('step', 0):.0f} steps"))
    return numbers


def _flat(facts: dict[str, object]) -> list[tuple[str, str]]:
    rows = []
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {item}" for key, item in value.items())
        elif isinstance(value, list):
            value = ", ".join(str(item) for item in value)
        rows.append((name.replace("_", " "), str(value)))
    return rows
