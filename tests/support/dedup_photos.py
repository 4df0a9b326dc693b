"""Pictures for tests of dedup, and what a run leaves in its output folder."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from PIL import Image


def picture(seed: int, side: int = 300) -> Image.Image:
    """Blobs that PDQ tells apart, of high quality."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((side + 20, side), Image.Resampling.BICUBIC)


def save(picture: Image.Image, path: Path, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def by_key(output: Path) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in rows_of(output / "clusters.parquet")}


def contents(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()}


def write_image(folder: Path, name: bytes, seed: int) -> None:
    """A picture as a JPEG of any name."""
    buffer = io.BytesIO()
    picture(seed).save(buffer, "JPEG")
    write_bytes(folder, name, buffer.getvalue())


def write_bytes(folder: Path, name: bytes, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(os.fsencode(folder) + b"/" + name, "wb") as file:
        file.write(data)
