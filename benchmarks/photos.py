"""The photos a benchmark reads: a folder of the user's, the shared real ones, or fractals."""

from __future__ import annotations

import os
from pathlib import Path

import click

SUFFIXES = (".jpg", ".jpeg")

photos_option = click.option("--photos", type=click.Path(path_type=Path), help="Folder of JPEGs.")


def photo_folder(folder: Path | None, scratch: Path) -> Path:
    """``folder``, else the real photos below FASTPASS_SHARED, else 200 fractals in ``scratch``."""
    if folder is not None:
        return folder
    shared = shared_folder("photos_imagenet200")
    return shared if shared.is_dir() else _fractals(scratch)


def shared_folder(name: str) -> Path:
    """Where the set of real photos of that name is, if it is anywhere."""
    beside = Path(__file__).parents[2] / "shared"
    return Path(os.environ.get("FASTPASS_SHARED", beside)) / "data" / name


def list_photos(folder: Path) -> list[Path]:
    """Every JPEG below ``folder``, sorted. Raises SystemExit when there is none."""
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        raise SystemExit(f"no JPEG files below {folder}")
    return files


def repeat_photos(folder: Path, num_photos: int, scratch: Path) -> Path:
    """A folder of ``num_photos``: ``folder`` where it has as many, else links to its photos."""
    photos = list_photos(folder)
    if len(photos) == num_photos:
        return folder
    repeated = scratch / "repeated"
    repeated.mkdir()
    for index in range(num_photos):
        (repeated / f"{index:06}.jpg").symlink_to(photos[index % len(photos)].resolve())
    return repeated


def _fractals(scratch: Path) -> Path:
    from fastpass.pack import Pack
    from fastpass.synth import synthesize

    summary = synthesize(scratch / "shards", num_classes=10, images_per_class=20, size=512)
    folder = scratch / "photos"
    folder.mkdir()
    with Pack([*summary.shards]) as pack:
        for sample in pack:
            (folder / f"{sample.key}.jpg").write_bytes(sample.data)
    return folder
