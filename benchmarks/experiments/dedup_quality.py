"""Which changes of a photo each hash survives: recall at 99.99 % precision, by transform.

    python -m benchmarks.dedup_quality

Every photo is changed by every transform. A changed photo is found where it lies within a hash's
threshold of its original; the threshold is the largest at which at most one in 10,000 matches
is false, over all transforms. "fastpass" rows are of fp.hash_images, the others of the packages
pdqhash and ImageHash on the same pixels. dihedral: the closest of PDQ's eight codes. tiles: the
best of nine overlapping tiles of the original against the whole, and the other way round.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import imagehash
import numpy as np
import numpy.typing as npt
import pdqhash
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

import fastpass as fp
from benchmarks.machine import output_option, write_record
from benchmarks.photos import list_photos, photo_folder, photos_option
from fastpass.curate.hashes.images import DIHEDRALS

Codes = npt.NDArray[np.uint8]
Transform = Callable[[Image.Image, np.random.Generator], Image.Image]
MOST_FALSE = 1e-4


def _jpeg(quality: int) -> Transform:
    def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return apply


def _crop(share: float) -> Transform:
    def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        x, y = int(image.width * share), int(image.height * share)
        return image.crop((x, y, image.width - x, image.height - y))

    return apply


def _gamma(value: float) -> Transform:
    table = [round(255 * (i / 255) ** value) for i in range(256)] * 3
    return lambda image, rng: image.point(table)


def _noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(image).astype(np.float32) + rng.normal(0, 25, (*image.size[::-1], 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _text(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    copy = image.copy()
    size = max(10, image.height // 12)
    ImageDraw.Draw(copy).text(
        (size, image.height - 2 * size), "the quick brown fox", fill=(255, 255, 255), font_size=size
    )
    return copy


def _scaled(x: float, y: float) -> Transform:
    return lambda image, rng: image.resize(
        (max(1, int(image.width * x)), max(1, int(image.height * y))), Image.Resampling.BICUBIC
    )


TRANSFORMS: dict[str, Transform] = {
    "jpeg quality 90": _jpeg(90),
    "jpeg quality 50": _jpeg(50),
    "jpeg quality 10": _jpeg(10),
    "half size": _scaled(0.5, 0.5),
    "quarter size": _scaled(0.25, 0.25),
    "aspect 4:3 to 1:1": _scaled(0.75, 1.0),
    "blur, sigma 2": lambda image, rng: image.filter(ImageFilter.GaussianBlur(2)),
    "gamma 2": _gamma(2.0),
    "gamma 0.5": _gamma(0.5),
    "contrast 1.5": lambda image, rng: ImageEnhance.Contrast(image).enhance(1.5),
    "noise, sigma 25": _noise,
    "gray": lambda image, rng: ImageOps.grayscale(image).convert("RGB"),
    "text": _text,
    "crop 2 % a side": _crop(0.02),
    "crop 5 % a side": _crop(0.05),
    "pad 10 % a side": lambda image, rng: ImageOps.expand(image, image.width // 10, fill=(0, 0, 0)),
    "border of 4 pixels": lambda image, rng: ImageOps.expand(image, 4, fill=(255, 255, 255)),
    "rotated by 4 degrees": lambda image, rng: image.rotate(4, Image.Resampling.BICUBIC),
    "rotated by 90 degrees": lambda image, rng: image.transpose(Image.Transpose.ROTATE_90),
    "mirrored": lambda image, rng: ImageOps.mirror(image),
}


def tiles_of(image: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    """Nine overlapping tiles of three quarters of each side."""
    height, width = image.shape[:2]
    rows = [0, height // 8, height // 4]
    columns = [0, width // 8, width // 4]
    return [
        np.ascontiguousarray(image[y : y + 3 * height // 4, x : x + 3 * width // 4])
        for y in rows
        for x in columns
    ]


def packages(pixels: list[npt.NDArray[np.uint8]]) -> dict[str, Codes]:
    def small(function: Any, **options: Any) -> Codes:
        return np.stack(
            [np.packbits(function(Image.fromarray(p), **options).hash.reshape(-1)) for p in pixels]
        )

    return {
        "pdqhash": np.stack([np.packbits(pdqhash.compute(p)[0]) for p in pixels]),
        "ImageHash phash": small(imagehash.phash),
        "ImageHash phash, 256 bits": small(imagehash.phash, hash_size=16),
        "ImageHash dhash": small(imagehash.dhash),
    }


def codes_of(pixels: list[npt.NDArray[np.uint8]]) -> dict[str, Codes]:
    """name -> [N, forms, bytes]: the forms of an image of which the closest counts."""
    found = fp.hash_images(pixels, ["pdq", "pdq_fast", "phash", "dhash", "ahash", "whash"])
    codes = {f"fastpass {kind}": rows[:, None] for kind, rows in found.codes.items()}
    return codes | {name: rows[:, None] for name, rows in packages(pixels).items()}


def richer_codes_of(pixels: list[npt.NDArray[np.uint8]]) -> dict[str, Codes]:
    """Of the originals alone: several codes each, for queries with one."""
    turned = fp.hash_images(pixels, ["pdq", *(f"pdq:{name}" for name in DIHEDRALS)])
    tiles = fp.hash_images([tile for image in pixels for tile in tiles_of(image)], ["pdq"])
    straight = turned.codes["pdq"][:, None]
    return {
        "fastpass pdq, dihedral": np.stack(list(turned.codes.values()), axis=1),
        "fastpass pdq, tiles": np.concatenate(
            [straight, tiles.codes["pdq"].reshape(len(pixels), -1, 32)], axis=1
        ),
    }


def closest(queries: Codes, originals: Codes) -> npt.NDArray[np.int32]:
    """[query, original]: bits between the closest two of their forms."""
    best = np.full((len(queries), len(originals)), 10_000, dtype=np.int32)
    for q in range(queries.shape[1]):
        for o in range(originals.shape[1]):
            apart = np.unpackbits(queries[:, q, None] ^ originals[None, :, o], axis=2).sum(2)
            best = np.minimum(best, apart)
    return best


def pick_threshold(distances: dict[str, npt.NDArray[np.int32]]) -> int:
    """The largest with at most one false match in 10,000, over all transforms."""
    stacked = np.stack(list(distances.values()))
    is_true = np.eye(stacked.shape[1], dtype=bool)[None].repeat(len(stacked), axis=0)
    threshold = -1
    for candidate in range(int(stacked.max()) + 1):
        matched = stacked <= candidate
        false = int((matched & ~is_true).sum())
        if false > MOST_FALSE * max(1, int(matched.sum())):
            break
        threshold = candidate
    return threshold


@click.command()
@photos_option
@click.option("--num-photos", default=200, show_default=True, type=click.IntRange(min=2))
@output_option
def main(photos: Path | None, num_photos: int, output: Path | None) -> None:
    """Measure, print the table, write the record."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as made:
        files = list_photos(photo_folder(photos, Path(made)))[:num_photos]
        originals = [np.ascontiguousarray(fp.decode_jpeg(file.read_bytes())) for file in files]
    quality = fp.hash_images(originals, ["pdq"]).quality
    originals = [image for image, q in zip(originals, quality, strict=True) if q >= 50]
    of_originals = codes_of(originals) | richer_codes_of(originals)
    distances: dict[str, dict[str, npt.NDArray[np.int32]]] = {name: {} for name in of_originals}
    for name, transform in TRANSFORMS.items():
        changed = [np.asarray(transform(Image.fromarray(i), rng).convert("RGB")) for i in originals]
        queries = codes_of(changed)
        for kind, codes in of_originals.items():
            query = queries[kind.partition(",")[0] if kind.startswith("fastpass") else kind]
            distances[kind][name] = closest(query, codes)
    rows = {}
    for kind, by_transform in distances.items():
        threshold = pick_threshold(by_transform)
        recall = {
            name: round(100 * float((np.diagonal(found) <= threshold).mean()), 1)
            for name, found in by_transform.items()
        }
        overall = round(float(np.mean(list(recall.values()))), 1)
        rows[kind] = {"threshold": threshold, "overall": overall, **recall}
    width = max(map(len, TRANSFORMS))
    click.echo(" " * width + "".join(f"  {kind.split()[-1][:9]:>9}" for kind in rows))
    for name in ("threshold", "overall", *TRANSFORMS):
        click.echo(f"{name:{width}}" + "".join(f"  {row[name]:9}" for row in rows.values()))
    body = {"photos": len(originals), "most_false": MOST_FALSE, "recall_percent": rows}
    click.echo(write_record("dedup_quality", body, output))


if __name__ == "__main__":
    main()
