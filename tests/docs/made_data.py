"""The photos, tars and labelled folders that the commands of our pages name."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.pictures import image_folder, jpeg
from support.tars import image_tar


def make_data(folder: Path) -> Path:
    """``folder`` with photos/, photo.jpg, shards/, labelled/train, labelled/val, other/."""
    photos = folder / "photos"
    photos.mkdir()
    for number in range(70):
        (photos / f"holiday_{number:03}.jpg").write_bytes(jpeg(number, 48 + number % 9, 64))
    shutil.copy(photos / "holiday_007.jpg", photos / "holiday_007_copy.jpg")
    (folder / "photo.jpg").write_bytes(jpeg(1, 160, 200))
    (folder / "shards").mkdir()
    for number in range(2):
        image_tar(folder / "shards" / f"{number:06}.tar", range(40 * number, 40 * number + 40))
    for name in ("train", "val"):
        image_folder(folder / "labelled" / name, num_classes=2, per_class=12)
    image_folder(folder / "other", num_classes=1, per_class=3)
    return folder
