"""Peak memory of the DINO recipe at batch 256: what a loader adds to a process that has torch.

    python -m benchmarks.memory --threads 2 --dtype float16

Every dtype is measured in a process of its own: resident anonymous memory (RssAnon) after
``import torch`` is the zero; the peak is VmHWM less the pages of mapped files (RssFile) at that
time, sampled after every batch, so that the mapping of the data does not count. Batches are
consumed in a plain loop that holds one at a time.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.machine import output_option, write_record
from benchmarks.photos import photo_folder, photos_option, repeat_photos

DTYPES = ("float32", "float16", "bfloat16", "uint8")
MIB = 1 << 20


def memory_of_this_process() -> dict[str, int]:
    """VmHWM, RssAnon and RssFile in bytes, from /proc/self/status."""
    wanted = ("VmHWM", "RssAnon", "RssFile")
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) * 1024 for name in wanted}


def measure(folder: Path, settings: dict[str, int], dtype: str) -> dict[str, float]:
    """Run in a fresh process: bytes at the start, at the peak, and what they are made of."""
    import torch  # noqa: F401  # its memory is not the loader's

    import fastpass

    before = memory_of_this_process()
    peak_anonymous, batch_bytes = before["RssAnon"], 0
    with fastpass.Loader(
        fastpass.Pack(str(folder)), fastpass.recipes.dino(), batch_size=settings["batch_size"],
        threads=settings["threads"], dtype=dtype,  # type: ignore[arg-type]
    ) as loader:  # fmt: skip
        for batch in itertools.islice(loader, settings["batches"]):
            batch_bytes = sum(view.nbytes for view in batch.views)
            peak_anonymous = max(peak_anonymous, memory_of_this_process()["RssAnon"])
        num_slots = loader.stats().num_slots
    after = memory_of_this_process()
    return {
        "peak_mib": round((after["VmHWM"] - after["RssFile"] - before["RssAnon"]) / MIB, 1),
        "peak_anonymous_mib": round((peak_anonymous - before["RssAnon"]) / MIB, 1),
        "batch_mib": round(batch_bytes / MIB, 1),
        "num_slots": num_slots,
        "torch_mib": round(before["RssAnon"] / MIB, 1),
        "mapped_files_mib": round(after["RssFile"] / MIB, 1),
    }


def measure_in_a_process(folder: Path, settings: dict[str, int], dtype: str) -> dict[str, float]:
    """What :func:`measure` finds in a process that has done nothing else."""
    arguments = json.dumps([str(folder), settings, dtype])
    program = (
        "import json, sys; from pathlib import Path; from benchmarks.memory import measure;"
        "folder, settings, dtype = json.loads(sys.argv[1]);"
        "print(json.dumps(measure(Path(folder), settings, dtype)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, arguments], stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, float] = json.loads(result.stdout)
    return found


def print_table(console: Console, results: dict[str, dict[str, float]]) -> None:
    table = Table(title="Memory of DINO batches beyond torch and the data mapping, MiB")
    for column in ("dtype", "peak", "one batch", "batch memories", "rest"):
        table.add_column(column, justify="left" if column == "dtype" else "right")
    for dtype, found in results.items():
        rest = found["peak_mib"] - found["num_slots"] * found["batch_mib"]
        table.add_row(
            dtype, f"{found['peak_mib']:.0f}", f"{found['batch_mib']:.0f}",
            f"{found['num_slots']:.0f}", f"{rest:.0f}",
        )  # fmt: skip
    console.print(table)


@click.command()
@photos_option
@click.option("--threads", default=2, show_default=True)
@click.option("--batch-size", default=256, show_default=True)
@click.option("--batches", default=6, show_default=True, help="Batches to consume.")
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(DTYPES), help="[all]")
@output_option
def main(
    photos: Path | None, threads: int, batch_size: int, batches: int,
    dtypes: tuple[str, ...], output: Path | None,
) -> None:  # fmt: skip
    """Measure, print the table, write the record."""
    settings = {"threads": threads, "batch_size": batch_size, "batches": batches}
    with tempfile.TemporaryDirectory() as scratch:
        # Epochs of several batches: at their ends nothing is prepared ahead.
        folder = repeat_photos(
            photo_folder(photos, Path(scratch)), batch_size * batches, Path(scratch)
        )
        results = {
            dtype: measure_in_a_process(folder, settings, dtype) for dtype in dtypes or DTYPES
        }
    print_table(Console(stderr=True), results)
    body = {"unit": "MiB", "settings": settings, "results": results}
    click.echo(write_record("memory", body, output))


if __name__ == "__main__":
    main()
