"""What mode "fast" changes in the pixels: its views against those of mode "exact", by the Loader.

    python -m benchmarks.dct_scale --recipe dino

Where every crop of an image is at least 2, 4 or 8 times as large as its view, "fast" decodes at
1/2, 1/4 or 1/8 scale in the DCT domain. Both loaders get the same seed, so they draw the same
crops; views of the same sample id are compared as uint8, before normalization, in levels of 255.
Views are sorted by size and by the scale that their image was decoded at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

import fastpass as fp
from benchmarks.machine import output_option, write_record
from benchmarks.photos import photo_folder, shared_folder
from fastpass.augment.recipes import RECIPES
from fastpass.bench.options import RECIPES as NAMES
from fastpass.bench.options import seed_option
from fastpass.bench.peers.photos import collect_photos
from fastpass.bench.session import wide_console

Key = tuple[int, int]  # size of the view, DCT denominator its image was decoded at
Histogram = npt.NDArray[np.int64]  # how many values are 0, 1, ... 255 levels apart


def denominator_of(recipe: fp.Recipe, drawn: list[fp.ViewParams]) -> int:
    """The largest of 8, 4, 2 at which every scaled crop is still as large as its view, else 1."""
    shrink = min(
        min(params.height, params.width) / spec.size
        for spec, params in zip(recipe.views, drawn, strict=True)
    )
    return max((d for d in (8, 4, 2) if shrink >= d), default=1)


def paired_views(
    shards: list[str], recipe: fp.Recipe, seed: int, epochs: int
) -> Iterator[tuple[int, int, list[Any], list[Any]]]:
    """(epoch, sample id, views of "exact", views of "fast"), uint8 [3, size, size] each."""
    pack = fp.Pack(shards)

    def loader(mode: Any) -> fp.Loader:
        return fp.Loader(
            pack, recipe, batch_size=1, dtype="uint8", seed=seed, shuffle=False, mode=mode,
            rank=0, world_size=1,
        )  # fmt: skip

    with loader("exact") as exact, loader("fast") as fast:
        for epoch in range(epochs):
            for one, other in zip(exact, fast, strict=True):
                sample_id = int(one.sample_ids[0])
                if sample_id != int(other.sample_ids[0]):
                    raise RuntimeError(f"sample {sample_id} met {int(other.sample_ids[0])}")
                views = ([view[0].numpy() for view in batch.views] for batch in (one, other))
                yield epoch, sample_id, *views  # type: ignore[misc]


def count_differences(
    shards: list[str], recipe: fp.Recipe, seed: int, epochs: int
) -> tuple[dict[Key, Histogram], dict[Key, int]]:
    """(histogram of absolute differences, number of views) per size and scale."""
    infos = {sample.sample_id: sample.info for sample in fp.Pack(shards)}
    counts: dict[Key, Histogram] = {}
    num_views: dict[Key, int] = {}
    for epoch, sample_id, exact, fast in paired_views(shards, recipe, seed, epochs):
        info = infos[sample_id]
        assert info is not None
        drawn = fp.draw(
            recipe, info.height, info.width, seed=seed, epoch=epoch, sample_id=sample_id
        )
        denominator = denominator_of(recipe, drawn)
        for spec, a, b in zip(recipe.views, exact, fast, strict=True):
            key = spec.size, denominator
            levels = np.abs(a.astype(np.int16) - b).ravel()
            counts.setdefault(key, np.zeros(256, np.int64))
            counts[key] += np.bincount(levels, minlength=256)
            num_views[key] = num_views.get(key, 0) + 1
    return counts, num_views


def describe(histogram: Histogram) -> dict[str, float | None]:
    """mean, p99, max in levels of 255; PSNR in dB, None where nothing differs."""
    total, levels = histogram.sum(), np.arange(256)
    mean_square = float((histogram * levels**2).sum() / total)
    return {
        "mean": round(float((histogram * levels).sum() / total), 4),
        "p99": float(np.searchsorted(np.cumsum(histogram), 0.99 * total)),
        "max": float(levels[histogram > 0].max()),
        "psnr_db": round(10 * np.log10(255**2 / mean_square), 2) if mean_square else None,
    }


def measure(folder: Path, recipe: fp.Recipe, seed: int, epochs: int) -> dict[str, Any]:
    """The rows of one set of photos."""
    with tempfile.TemporaryDirectory() as scratch:
        photos = collect_photos(folder, Path(scratch))
        shards = [str(path) for path in photos.shards]
        counts, num_views = count_differences(shards, recipe, seed, epochs)
    rows = [
        {"view_size": size, "scale": f"1/{denominator}", "num_views": num_views[key]}
        | describe(counts[key])
        for key in sorted(counts)
        for size, denominator in [key]
    ]
    return {"num_photos": len(photos.files), "rows": rows}


def print_table(console: Console, sets: dict[str, Any]) -> None:
    table = Table("photos", "view", "decoded at", title='mode "fast" against "exact"')
    for column in ("views", "mean", "p99", "max", "PSNR, dB"):
        table.add_column(column, justify="right")
    for name, found in sets.items():
        for row in found["rows"]:
            psnr = "no difference" if row["psnr_db"] is None else f"{row['psnr_db']:.1f}"
            table.add_row(
                name, str(row["view_size"]), row["scale"], str(row["num_views"]),
                f"{row['mean']:.3f}", f"{row['p99']:.0f}", f"{row['max']:.0f}", psnr,
            )  # fmt: skip
    console.print(table)


@click.command()
@click.option(
    "--photos", multiple=True, type=click.Path(path_type=Path),
    help="Folders of JPEGs.  [default: the standard photos, and large ones where they are]",
)  # fmt: skip
@click.option("--recipe", default="dino", show_default=True, type=click.Choice(NAMES))
@click.option("--epochs", default=2, show_default=True, type=click.IntRange(min=1))
@seed_option
@output_option
def main(
    photos: tuple[Path, ...], recipe: str, epochs: int, seed: int, output: Path | None
) -> None:
    """Compare, print the table, write the record."""
    with tempfile.TemporaryDirectory() as made:
        folders = list(photos)
        if not folders:
            large = shared_folder("photos_highres")
            folders = [photo_folder(None, Path(made)), *[large] * large.is_dir()]
        sets = {folder.name: measure(folder, RECIPES[recipe](), seed, epochs) for folder in folders}
    print_table(wide_console(stderr=True), sets)
    body = {
        "unit": "levels of 255",
        "settings": {"recipe": recipe, "epochs": epochs, "seed": seed},
        "results": sets,
    }
    click.echo(write_record("dct_scale", body, output))


if __name__ == "__main__":
    main()
