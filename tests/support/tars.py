"""Tars of given files, and of generated JPEGs."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from support.pictures import jpeg


def write_tar(path: Path, files: Mapping[str, bytes]) -> Path:
    """``path`` with these files, in this order."""
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return path


def image_tar(path: Path, seeds: Iterable[int]) -> Path:
    """``path`` with ``picture_<seed>.jpg`` for every seed, each with a label ``seed % 3``."""
    files: dict[str, bytes] = {}
    for seed in seeds:
        files[f"picture_{seed}.jpg"] = jpeg(seed, height=40 + seed % 17)
        files[f"picture_{seed}.cls"] = str(seed % 3).encode()
    return write_tar(path, files)
