"""What the GPU benchmarks share: the device, taking turns, and the record.

``--device twin`` runs the same code on the CPU in the place of a GPU, to see that it works; its
times mean nothing, and no record is written.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import torch

from benchmarks.machine import RESULTS, write_record
from benchmarks.turns import Work, take_turns
from fastpass.errors import FastpassError
from fastpass.testing import gpu_twin

device_option = click.option(
    "--device", default="cuda", show_default=True, type=click.Choice(["cuda", "twin"])
)

Open = Callable[[], Work]  # makes what is timed, or says why it cannot


def require_device(device: str) -> None:
    """Ends the program where it would need a GPU that is not there; switches the twin on.

    From here on, fastpass runs ``device="cuda"`` where ``device`` says.
    """
    if device == "twin":
        click.get_current_context().with_resource(gpu_twin())
    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("this benchmark needs a CUDA GPU (--device twin only shows that it works)")


def synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def open_all(entries: dict[str, Open]) -> tuple[dict[str, Work], dict[str, str]]:
    """What can run here, and why the rest cannot: packages and engines that are not there."""
    works: dict[str, Work] = {}
    left_out: dict[str, str] = {}
    for name, opened in entries.items():
        try:
            works[name] = opened()
        except (ImportError, FastpassError, RuntimeError, OSError) as error:
            left_out[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return works, left_out


def rate_rows(seconds: dict[str, list[float]], num_images: int) -> dict[str, dict[str, float]]:
    """Median images per second, and the slowest and fastest repeat."""
    return {
        name: {
            "images_per_second": num_images / statistics.median(times),
            "slowest": num_images / max(times),
            "fastest": num_images / min(times),
        }
        for name, times in seconds.items()
    }


def copy_gigabytes_per_second() -> float:
    """Measured rate of a copy within the GPU's memory, bytes read and bytes written together."""
    source = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)

    def work() -> None:
        target.copy_(source)
        torch.cuda.synchronize()

    return 2 * source.numel() / statistics.median(take_turns({"copy": work}, 10)["copy"]) / 1e9


def report(name: str, device: str, body: dict[str, Any]) -> None:
    """Print the rows; on a GPU, write the record too."""
    for work, rows in body["works"].items():
        click.echo(f"\n{work}")
        for row, values in rows.items():
            text = ", ".join(f"{key} {value:,.1f}" for key, value in values.items())
            click.echo(f"  {row:32s} {text}")
    for row, reason in body.get("left_out", {}).items():
        click.echo(f"  {row:32s} left out: {reason}")
    if device == "twin":
        click.echo("\nno GPU: these times mean nothing, and are not recorded")
        return
    properties = torch.cuda.get_device_properties(0)
    path = RESULTS / f"gpu-{name}.json"
    gpu = {
        "gpu": properties.name,
        "multiprocessors": properties.multi_processor_count,
        "copy_gigabytes_per_second": copy_gigabytes_per_second(),
    }
    click.echo(write_record(f"gpu_{name}", {**gpu, **body}, Path(path)))
