"""Seek indexes of a folder of photos: how large, how fine, how fast they are made.

    python -m benchmarks.seek_index --photos shared/data/photos_clothing_cc0

One thread; the files are in memory.
"""

from __future__ import annotations

import statistics
import struct
import tempfile
import time
from pathlib import Path

import click

import fastpass as fp
from benchmarks.machine import output_option, summarize, write_record
from benchmarks.photos import list_photos, photo_folder, photos_option


def index_all(files: list[bytes]) -> tuple[list[bytes], float]:
    """(the indexes, megabytes of JPEG per second)."""
    start = time.perf_counter()
    indexes = [fp.build_seek_index(data) for data in files]
    return indexes, sum(map(len, files)) / 1e6 / (time.perf_counter() - start)


def describe(files: list[bytes], indexes: list[bytes]) -> dict[str, object]:
    """Sizes and steps over the files that have an index; docs/format.md says where they stand."""
    indexed = [(data, index) for data, index in zip(files, indexes, strict=True) if index]
    steps = [struct.unpack_from("<I", index, 4)[0] for _, index in indexed]
    counts = [struct.unpack_from("<I", index, 24)[0] for _, index in indexed]
    entry_bits = [index[41] + sum(index[36:40]) for _, index in indexed]
    return {
        "num_files": len(files),
        "num_indexed": len(indexed),
        "index_bytes_per_jpeg_byte": round(
            sum(len(index) for _, index in indexed) / sum(len(data) for data, _ in indexed), 5
        ),
        "largest_share": round(max(len(index) / len(data) for data, index in indexed), 5),
        "mcus_per_entry": {
            "median": statistics.median(steps), "smallest": min(steps), "largest": max(steps),
        },
        "median_entries": statistics.median(counts),
        "median_entry_bits": statistics.median(entry_bits),
    }  # fmt: skip


@click.command()
@photos_option
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(min=1))
@output_option
def main(photos: Path | None, repeats: int, output: Path | None) -> None:
    """Measure and write the record."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = photo_folder(photos, Path(scratch))
        files = [path.read_bytes() for path in list_photos(folder)]
        indexes, _ = index_all(files)  # warms up
        rates = [index_all(files)[1] for _ in range(repeats)]
    sizes = describe(files, indexes)
    results = {**sizes, "megabytes_per_second": summarize(rates)}
    for name, value in results.items():
        click.echo(f"{name}: {value}", err=True)
    settings = {"photos": folder.name, "threads": 1, "repeats": repeats}
    click.echo(write_record("seek_index", {"settings": settings, "results": results}, output))


if __name__ == "__main__":
    main()
