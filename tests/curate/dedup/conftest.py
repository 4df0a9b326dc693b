"""A folder of photos with planted duplicates, turned copies, flat and unreadable files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageFilter, ImageOps
from support.dedup_photos import picture, save


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures; copies of some of them; what cannot be read; a flat one."""
    root = tmp_path_factory.mktemp("dedup") / "photos"
    for i in range(24):
        save(picture(i), root / f"original_{i:02d}.jpg", quality=95)
    save(picture(3), root / "copy_03_small.jpg", quality=50)
    save(picture(3).resize((600, 562)), root / "copy_03_large.png")
    save(picture(5).filter(ImageFilter.GaussianBlur(1)), root / "copy_05_blurred.jpg")
    (root / "copy_07_bytes.jpg").write_bytes((root / "original_07.jpg").read_bytes())
    save(picture(9).transpose(Image.Transpose.ROTATE_90), root / "turned_09.jpg")
    save(ImageOps.mirror(picture(11)), root / "mirrored_11.jpg")
    for name in ("flat_a", "flat_b"):
        save(
            Image.new("RGB", (80, 80), (9, 9, 9 if name == "flat_a" else 12)), root / f"{name}.jpg"
        )
    whole = (root / "original_01.jpg").read_bytes()
    (root / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "text.jpg").write_bytes(b"this is no picture")
    (root / "empty.jpg").write_bytes(b"")
    return root
