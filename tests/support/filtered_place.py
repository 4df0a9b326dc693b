"""A folder of photos with a file of filters, and ``fastpass filter`` on it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from click.testing import CliRunner, Result
from PIL import Image

from fastpass.cli import cli
from support.pictures import jpeg

FILTERS = """
import fastpass as fp
from beside import LEAST

@fp.image_filter
def large(width, height, least=LEAST):
    return min(width, height) >= least

@fp.image_filter
def bright(brightness, least=100.0, most=float("inf")):
    return least <= brightness <= most

tiny = large.with_params(least=1)

@fp.image_filter
def fails(width):
    return 1 // (width - width) > 0

@fp.image_filter
def no_bool(width):
    return width

def plain(width):
    return True
"""


def make_filtered_place(folder: Path) -> Path:
    """``folder`` with filters.py and photos/: light, dark, small, damaged, with odd names."""
    photos = folder / "photos"
    photos.mkdir()
    Image.new("RGB", (60, 60), (200, 200, 200)).save(photos / "a light.png")
    Image.new("RGB", (60, 60), (20, 20, 20)).save(photos / "b_dark.png")
    Image.new("RGB", (40, 60), (20, 20, 20)).save(photos / "c_small_and_dark.png")
    (photos / "d_cut.jpg").write_bytes(jpeg(1)[:700])
    (photos / "e_empty.jpg").write_bytes(b"")
    Image.new("RGB", (50, 60), (210, 150, 200)).save(photos / 'f ümläut,"quoted".png')
    (photos / os.fsdecode(b"g_\xff.jpg")).write_bytes(jpeg(3, 64, 80))
    (folder / "filters.py").write_text(FILTERS)
    (folder / "beside.py").write_text("LEAST = 50\n")
    return folder


def run_filter(
    place: Path, *names: str, output: str = "out", more: tuple[object, ...] = ()
) -> Result:
    """fastpass filter; "@" in ``names`` stands for ``place``."""
    filters = [word for name in names for word in ("--filter", name.replace("@", str(place)))]
    words = ["filter", place / "photos", *filters, "-o", place / output, *more]
    return CliRunner().invoke(cli, [str(word) for word in words])


def tree(folder: Path) -> dict[str, str]:
    """path -> SHA-256 of each file."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
