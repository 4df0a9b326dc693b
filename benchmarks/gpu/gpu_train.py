"""DINO steps of a ViT-S/16 in bfloat16: fed by our loader, and by batches that are already there.

    python -m benchmarks.gpu_train

The share of the steps per second that remain with a real loader of two CPU threads.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import click
import torch
from benchmarks.gpu_run import device_option, report, require_device, synchronize

import fastpass as fp
from benchmarks.photos import photo_folder, photos_option, repeat_photos


class DinoStep:
    """Student and teacher, both views of two of them; the optimizer's step included."""

    def __init__(self, model: str, device: str) -> None:
        import timm

        self._device = torch.device("cuda" if device == "cuda" else "cpu")
        made = [
            timm.create_model(model, num_classes=4096, dynamic_img_size=True).to(self._device)
            for _ in range(2)
        ]
        self._student, self._teacher = made
        self._optimizer = torch.optim.AdamW(self._student.parameters(), lr=1e-4)

    def __call__(self, views: list[torch.Tensor], num_global: int) -> None:
        with torch.autocast(self._device.type, torch.bfloat16):
            with torch.no_grad():
                targets = self._teacher(torch.cat(views[:num_global])).softmax(-1).chunk(num_global)
            scores = chain(
                self._student(torch.cat(views[:num_global])).chunk(num_global),
                self._student(torch.cat(views[num_global:])).chunk(len(views) - num_global),
            )
            loss = sum(
                -(target * score.log_softmax(-1)).sum(-1).mean()
                for i, score in enumerate(scores)
                for j, target in enumerate(targets)
                if i != j
            )
        loss.backward()
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            for mine, theirs in zip(
                self._teacher.parameters(), self._student.parameters(), strict=True
            ):
                mine.lerp_(theirs, 0.004)


def steps_per_second(
    step: DinoStep, batches: Iterator[list[torch.Tensor]], num_steps: int, device: str
) -> float:
    for _ in range(5):
        step(next(batches), 2)
    synchronize(device)
    start = time.perf_counter()
    for _ in range(num_steps):
        step(next(batches), 2)
    synchronize(device)
    return num_steps / (time.perf_counter() - start)


def endless(loader: fp.Loader) -> Iterator[list[torch.Tensor]]:
    while True:
        for batch in loader:
            yield batch.views


@click.command()
@device_option
@photos_option
@click.option("--model", default="vit_small_patch16_224", show_default=True)
@click.option("--batch-size", default=128, show_default=True, type=click.IntRange(min=1))
@click.option("--steps", default=40, show_default=True, type=click.IntRange(min=1))
@click.option("--threads", default=2, show_default=True, type=click.IntRange(min=1))
def main(
    device: str, photos: Path | None, model: str, batch_size: int, steps: int, threads: int
) -> None:
    """Measure both, the loader between two measurements of the batches in memory."""
    require_device(device)
    recipe = fp.recipes.dino()
    step = DinoStep(model, device)
    with tempfile.TemporaryDirectory() as made:
        folder = repeat_photos(photo_folder(photos, Path(made)), 32 * batch_size, Path(made))
        options = {"batch_size": batch_size, "threads": threads, "dtype": "bfloat16"}
        with fp.Loader(folder, recipe, device="cuda", **options) as loader:  # type: ignore[arg-type]
            in_memory = [view.clone() for view in next(iter(loader)).views]
            before = steps_per_second(step, repeat(in_memory), steps, device)
            loaded = steps_per_second(step, endless(loader), steps, device)
            after = steps_per_second(step, repeat(in_memory), steps, device)
    ideal = (before + after) / 2
    rows = {
        "batches in memory": {"steps_per_second": ideal},
        f"fastpass, {threads} threads": {
            "steps_per_second": loaded,
            "percent": 100 * loaded / ideal,
        },
    }
    settings = {"model": model, "batch_size": batch_size, "steps": steps}
    report("train", device, {"settings": settings, "works": {"DINO, bfloat16": rows}})


if __name__ == "__main__":
    main()
