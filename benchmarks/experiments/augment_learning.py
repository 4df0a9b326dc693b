"""Does it matter for learning who makes the views? fast and exact against torchvision's.

    python -m benchmarks.augment_learning
    python -m benchmarks.augment_learning --side 128

DINO on CIFAR-10 JPEGs (found through FASTPASS_SHARED): the same images in the same order from the
same initial weights, the same budget; only the views are made in three ways. Then k-NN, as in
benchmarks.learning. Seeds differ in everything random. A finished run is kept in
runs/augment-learning-<side>px and not repeated. Prints a table, writes
results/augment-learning-<side>px.json.

Images of 32 px are too small for fast to decode at a smaller scale: its views are those of exact.
With --side 128 the JPEGs are enlarged first, so that nearly every image is decoded at 1/2 scale.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from benchmarks.cifar10 import SIDE, enlarge, write_cifar10
from benchmarks.compare_means import Comparison, compare_means
from benchmarks.dct_scale import paired_views
from benchmarks.learning import ROOT, run
from rich.console import Console
from rich.table import Table

from benchmarks.machine import RESULTS, write_record
from fastpass.train.data import make_recipe
from fastpass.train.read_config import read_config

CONFIG = "configs/dino_cifar10.toml"
RUNS = Path("runs")  # relative: the records name no machine
REFERENCE = "torchvision"
WAYS: dict[str, tuple[list[str], list[str]]] = {  # python's program, overrides
    "torchvision": (["-m", "benchmarks.torchvision_train"], []),
    "exact": (["train.py"], ["augment.mode=exact"]),
    "fast": (["train.py"], ["augment.mode=fast"]),
}
# One process with the batch of the config's two ranks: two would wait for each other, on a busy
# machine most of the time, and learn the same.
ONE_PROCESS = ["data.batch_size=32", "data.threads=1", "train.threads_per_rank=1"]


def child_cpu_minutes() -> float:
    """Processor time of all finished child processes, theirs included."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) / 60


def prepare_data(side: int) -> Path:
    """The folder with the tars train-*.tar and val-*.tar of ``side`` px images, made if missing."""
    folder = RUNS / "learning" / ("cifar10" if side == SIDE else f"cifar10-{side}px") / "data"
    if not folder.exists():
        write_cifar10(folder, bytes if side == SIDE else partial(enlarge, side=side))
        run("fastpass", "index", *sorted(folder.glob("*.tar")))
    return folder


def train_once(way: str, seed: int, epochs: int, side: int = SIDE) -> dict[str, Any]:
    """The record of one run, from its folder if it was finished before."""
    data = prepare_data(side)
    folder = RUNS / f"augment-learning-{side}px" / f"{way}-{epochs}-epochs-seed{seed}"
    record_file = folder / "record.json"
    if record_file.exists():
        finished: dict[str, Any] = json.loads(record_file.read_text())
        return finished
    shutil.rmtree(folder, ignore_errors=True)  # an interrupted run
    program, overrides = WAYS[way]
    cpu_minutes = child_cpu_minutes()
    minutes = run(
        *(sys.executable, *program, "--config", CONFIG, "--data", f"{data}/train-*.tar"),
        *("--output", folder, f"train.epochs={epochs}", f"train.seed={seed}"),
        *(*ONE_PROCESS, *overrides),
    )
    record = {
        "way": way,
        "seed": seed,
        "minutes": round(minutes, 2),  # of the wall: says little on a busy machine
        "cpu_minutes": round(child_cpu_minutes() - cpu_minutes, 2),
        "loss": last_epoch_loss(folder / "log.jsonl"),
        **evaluate(folder, data),
    }
    record_file.write_text(json.dumps(record))
    return record


def last_epoch_loss(log: Path) -> float:
    """Mean loss of the log lines of the last epoch (one batch each)."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    last = lines[-1]["epoch"] - 1
    losses = [line["loss"] for line in lines if line["epoch"] > last]
    return round(sum(losses) / len(losses), 4)


def evaluate(folder: Path, data: Path) -> dict[str, float]:
    """k-NN top-1 in percent: ``knn`` of the teacher, ``untrained`` of the same net at step 0."""
    report = folder / "knn.json"
    run(
        *("fastpass", "evaluate", "knn", "--checkpoint", folder, "--untrained", "-o", report),
        *("--train", f"{data}/train-*.tar", "--val", f"{data}/val-*.tar"),
    )
    top1 = {row["features"]: row["top1"] for row in json.loads(report.read_text())["results"]}
    return {"knn": round(top1["teacher"], 2), "untrained": round(top1["untrained"], 2)}


def compare_modes(images: str, seed: int) -> dict[str, float]:
    """Of one epoch: the share of views that differ between fast and exact, and the mean difference
    of all values in levels of 255."""
    recipe = make_recipe(read_config(CONFIG, []))
    means = [
        float(np.abs(one.astype(np.int16) - other).mean())
        for *_, exact, fast in paired_views([images], recipe, seed, 1)
        for one, other in zip(exact, fast, strict=True)
    ]
    share = sum(mean > 0 for mean in means) / len(means)
    return {"differing_views": round(share, 4), "mean_difference": round(float(np.mean(means)), 4)}


def summarize_ways(records: Sequence[dict[str, Any]]) -> dict[str, Comparison]:
    """Per way: k-NN over its seeds, compared with torchvision's."""
    knn: dict[str, list[float]] = {}
    for record in records:
        knn.setdefault(record["way"], []).append(record["knn"])
    return compare_means(knn, REFERENCE)


def make_table(records: Sequence[dict[str, Any]], summary: dict[str, Comparison]) -> Table:
    table = Table(title="k-NN top-1 on CIFAR-10 JPEGs, % (mean ± standard deviation over seeds)")
    for heading in ("views", "by seed", "trained", "difference", "loss", "CPU minutes"):
        table.add_column(heading, justify="left" if heading == "views" else "right")
    untrained = {record["seed"]: record["untrained"] for record in records}
    table.add_row("untrained", " ".join(f"{top1:.1f}" for top1 in untrained.values()))
    for way, result in summary.items():
        mine = [record for record in records if record["way"] == way]
        difference = f"{result.difference:+.2f} ± {result.standard_error:.2f}"
        table.add_row(
            way,
            " ".join(f"{record['knn']:.1f}" for record in mine),
            f"{result.mean:.2f} ± {result.std:.2f}",
            "-" if way == REFERENCE else difference,
            f"{sum(record['loss'] for record in mine) / len(mine):.3f}",
            f"{sum(record['cpu_minutes'] for record in mine) / len(mine):.1f}",
        )
    return table


@click.command(help=__doc__)
@click.option("--ways", multiple=True, type=click.Choice(list(WAYS)), default=list(WAYS))
@click.option("--seeds", multiple=True, type=int, default=[0, 1, 2], show_default=True)
@click.option("--epochs", type=click.IntRange(1), default=5, show_default=True)
@click.option("--side", type=click.IntRange(SIDE), default=SIDE, show_default=True)
def main(ways: Sequence[str], seeds: Sequence[int], epochs: int, side: int) -> None:
    if REFERENCE not in ways or len(seeds) < 2:
        raise click.UsageError(f"{REFERENCE} and at least two seeds are needed to compare with")
    os.chdir(ROOT)
    records = [train_once(way, seed, epochs, side) for seed in seeds for way in ways]
    summary = summarize_ways(records)
    body = {
        "data": "cifar10",
        "side": side,
        "config": CONFIG,
        "overrides": ONE_PROCESS,
        "epochs": epochs,
        "reference": REFERENCE,
        "fast_against_exact": compare_modes(f"{prepare_data(side)}/train-*.tar", seeds[0]),
        "ways": {way: result.to_dict() for way, result in summary.items()},
        "runs": records,
    }
    path = write_record("augment_learning", body, RESULTS / f"augment-learning-{side}px.json")
    Console().print(make_table(records, summary))
    print(path)


if __name__ == "__main__":
    main()
