"""The words of every command that writes, from ``place/in`` into ``place/out``."""

from __future__ import annotations

import json
from pathlib import Path

from evaluate.made_checkpoint import make_checkpoint

from support.pictures import image_folder, jpeg

Words = list[object]

FILTERS = """
import fastpass

@fastpass.image_filter(python=True)
def wide(width, least=55):
    return width >= least
"""


def make_inputs(folder: Path) -> Path:
    """What the commands read: photos, classes, a run with a checkpoint."""
    image_folder(folder / "photos")
    (folder / "filters.py").write_text(FILTERS)
    make_checkpoint(folder / "run")
    line = json.dumps({"step": 1, "epoch": 0.5, "loss": 8.0})
    (folder / "run" / "log.jsonl").write_text(line + "\n")
    (folder / "photo.jpg").write_bytes(jpeg(5, 60, 80))
    return folder


def synth_words(place: Path, *more: object) -> Words:
    small = ["--classes", 1, "--per-class", 2, "--val-per-class", 1, "--size", 32]
    return ["synth", "-o", place / "out", *small, *more]


def knn_words(place: Path, *more: object) -> Words:
    photos = place / "in" / "photos"
    sources = ["--train", photos, "--val", photos, "--k", 1]
    run = ["--checkpoint", place / "in" / "run"]
    return ["evaluate", "knn", *run, *sources, "-o", place / "out" / "knn.json", *more]


def bench_words(place: Path, *more: object) -> Words:
    quick = ["--repeats", 1, "--seconds", 0, "--limit", 1]
    return ["bench", "decode", place / "in" / "photos", *quick, "-o", place / "out", *more]


def preview_words(place: Path, *more: object) -> Words:
    return ["preview", place / "in" / "photo.jpg", "-o", place / "out" / "grid.png", *more]


def report_words(place: Path, *more: object) -> Words:
    return ["report", place / "in" / "run", "-o", place / "out" / "report.html", *more]


def export_words(place: Path, *more: object) -> Words:
    out = place / "out" / "x.safetensors"
    return ["export", "--checkpoint", place / "in" / "run", "-o", out, *more]


def dedup_words(place: Path, *more: object) -> Words:
    return ["dedup", place / "in" / "photos", "-o", place / "out", "--threads", 1, *more]


def pack_words(place: Path, *more: object) -> Words:
    return ["pack", place / "in" / "photos", "-o", place / "out", *more]


def filter_words(place: Path, *more: object) -> Words:
    chosen = ["--filter", f"{place / 'in' / 'filters.py'}:wide"]
    return ["filter", place / "in" / "photos", *chosen, "-o", place / "out", *more]
