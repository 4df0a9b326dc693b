"""CIFAR-10 JPEGs in tars: the subset below FASTPASS_SHARED (10,000 train, 2,000 test images)."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from benchmarks.photos import shared_folder

SIDE = 32  # of the original images, pixels


def write_cifar10(folder: Path, prepare: Callable[[bytes], bytes] = bytes) -> None:
    """Make ``folder`` with train-000000.tar and val-000000.tar (WebDataset, with labels).

    Every image is stored as ``prepare`` returns it; by default the bytes stay as they are.
    """
    folder.mkdir(parents=True)
    for split, shard in (("train", "train-000000.tar"), ("test", "val-000000.tar")):
        _write_split(split, folder / shard, prepare)


def _write_split(split: str, output: Path, prepare: Callable[[bytes], bytes]) -> None:
    source = shared_folder("ssl_cifar10_jpeg")
    images = (source / f"{split}.bin").read_bytes()
    with open(source / f"{split}.csv", newline="") as table, tarfile.open(output, "w") as tar:
        for row in csv.DictReader(table):
            offset, length = int(row["offset"]), int(row["length"])
            key = row["path"].removesuffix(".jpg").replace("/", "_")
            jpeg = prepare(images[offset : offset + length])
            members = {"jpg": jpeg, "cls": row["label"].encode()}
            for extension, content in members.items():
                member = tarfile.TarInfo(f"{key}.{extension}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


def enlarge(jpeg: bytes, side: int) -> bytes:
    """The image resized (bicubic) to ``side`` x ``side`` pixels, as a JPEG of quality 90."""
    output = io.BytesIO()
    image = Image.open(io.BytesIO(jpeg)).convert("RGB")
    image.resize((side, side), Image.Resampling.BICUBIC).save(output, "JPEG", quality=90)
    return output.getvalue()
