"""Tars of generated JPEGs."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from support.pictures import jpeg


def image_tar(path: Path, seeds: range) -> Path:
    """``path`` with ``picture_<seed>.jpg`` for every seed, each with a label ``seed % 3``."""
    with tarfile.open(path, "w") as tar:
        for seed in seeds:
            members = {
                f"picture_{seed}.jpg": jpeg(seed, height=40 + seed % 17),
                f"picture_{seed}.cls": str(seed % 3).encode(),
            }
            for name, data in members.items():
                header = tarfile.TarInfo(name)
                header.size = len(data)
                tar.addfile(header, io.BytesIO(data))
    return path
