"""What the decode benchmark measures: photos, kinds of work, and the boxes that all peers get."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fastpass as fp
from benchmarks.photos import list_photos, photo_folder, shared_folder
from fastpass.bench.peers.decode_peer import DecodeJob, Photo

BOXES_PER_PHOTO = 2  # per region work; one draw per photo leaves the mean area to chance
RATIO = (3 / 4, 4 / 3)
REAL_SETS = (("photos_imagenet200", "4:4:4"), ("photos_clothing_cc0", "4:2:0"))


@dataclass(frozen=True)
class Work:
    """A row of the table. region: range of the box's share of the area."""

    name: str
    title: str
    region: tuple[float, float] | None = None
    scale_denominator: int = 1


WORKS = (
    Work("full", "full decode"),
    Work("random_resized_crop", "random-resized-crop region, scale (0.08, 1)", region=(0.08, 1)),
    Work("local_crop", "local-crop region, scale (0.05, 0.4)", region=(0.05, 0.4)),
    Work("half", "1/2 scale", scale_denominator=2),
    Work("quarter", "1/4 scale", scale_denominator=4),
    Work("eighth", "1/8 scale", scale_denominator=8),
)


def draw_box(rng: random.Random, info: fp.ImageInfo, region: tuple[float, float]) -> fp.CropBox:
    """torchvision's ``RandomResizedCrop.get_params``: area uniform, aspect ratio log-uniform."""
    width, height = info.width, info.height
    for _ in range(10):
        area = width * height * rng.uniform(*region)
        ratio = math.exp(rng.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return fp.CropBox(rng.randint(0, height - h), rng.randint(0, width - w), h, w)
    w = min(width, round(height * RATIO[1]))
    h = min(height, round(width / RATIO[0]))
    return fp.CropBox((height - h) // 2, (width - w) // 2, h, w)


def make_jobs(photos: Sequence[Photo], work: Work, seed: int) -> list[DecodeJob]:
    """The decodes of one pass; the same for every peer."""
    if work.region is None:
        return [DecodeJob(photo, None, work.scale_denominator) for photo in photos]
    rng = random.Random(seed)
    return [
        DecodeJob(photo, draw_box(rng, photo.info, work.region), work.scale_denominator)
        for photo in photos
        for _ in range(BOXES_PER_PHOTO)
    ]


def photo_sets(folder: Path | None, scratch: Path, limit: int | None) -> dict[str, list[Photo]]:
    """Sets of one sampling each: of ``folder``, else of the real photos, else of fractals."""
    sources: list[tuple[Path, str | None]] = [(photo_folder(folder, scratch), None)]
    real = [(shared_folder(name), subsampling) for name, subsampling in REAL_SETS]
    if folder is None and all(path.is_dir() for path, _ in real):
        sources = list(real)
    found: dict[str, list[Photo]] = {}
    for source, wanted in sources:
        for path in list_photos(source):
            data = path.read_bytes()
            info = fp.probe(data)
            if wanted in (None, info.subsampling):
                photos = found.setdefault(f"{source.name} {info.subsampling}", [])
                photos.append(Photo(data, info, make_index(data)))
    return {name: photos[:limit] for name, photos in found.items()}


def make_index(data: bytes) -> bytes | None:
    """The seek index of a JPEG, None where its kind gets none."""
    return fp.build_seek_index(data) or None
