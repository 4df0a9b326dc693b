"""Image hashes, one thread: ours against pdqhash and ImageHash, from JPEG bytes and from pixels.

    python -m benchmarks.hash

All rows take turns in every repeat. Before the clock starts, codes are compared: PDQ and pHash must
be equal to the packages', pdq_fast within 10 bits where the quality is 80 or more.
"""

from __future__ import annotations

import io
import statistics
import tempfile
from pathlib import Path

import click
import imagehash
import numpy as np
import pdqhash
from PIL import Image

import fastpass as fp
from benchmarks.machine import output_option, write_record
from benchmarks.photos import list_photos, photo_folder, photos_option
from benchmarks.turns import Work, take_turns


def rows(files: list[bytes], pixels: list[np.ndarray]) -> dict[str, dict[str, Work]]:
    """work -> name -> everything that is timed; the last name of a work is the peer."""

    def ours(images: list[object], kind: str, threads: int = 1) -> Work:
        return lambda: fp.hash_images(images, [kind], threads=threads)

    def pillow(data: bytes) -> Image.Image:
        return Image.open(io.BytesIO(data))

    return {
        "PDQ from JPEG bytes": {
            "fastpass pdq": ours(list(files), "pdq"),
            "fastpass pdq_fast": ours(list(files), "pdq_fast"),
            "fastpass pdq, 2 threads": ours(list(files), "pdq", 2),
            "fastpass pdq_fast, 2 threads": ours(list(files), "pdq_fast", 2),
            "Pillow + pdqhash": lambda: [
                pdqhash.compute(np.asarray(pillow(data).convert("RGB"))) for data in files
            ],
        },
        "PDQ from pixels": {
            "fastpass pdq": ours(list(pixels), "pdq"),
            "fastpass pdq_fast": ours(list(pixels), "pdq_fast"),
            "pdqhash": lambda: [pdqhash.compute(image) for image in pixels],
        },
        "pHash from JPEG bytes": {
            "fastpass phash": ours(list(files), "phash"),
            "Pillow + ImageHash": lambda: [imagehash.phash(pillow(data)) for data in files],
        },
    }


def compare(files: list[bytes], pixels: list[np.ndarray]) -> dict[str, int]:
    """Bits that differ from the packages at most; ends the program where ours are not equal."""
    got = fp.hash_images(files, ["pdq", "pdq_fast", "phash"])
    most_fast = 0
    for i, image in enumerate(pixels):
        vector, quality = pdqhash.compute(image)
        phash = imagehash.phash(Image.fromarray(image)).hash.reshape(-1)
        if not np.array_equal(np.packbits(vector), got.codes["pdq"][i]):
            raise SystemExit(f"photo {i}: not pdqhash's code")
        if not np.array_equal(np.packbits(phash), got.codes["phash"][i]):
            raise SystemExit(f"photo {i}: not ImageHash's code")
        if quality >= 80:
            apart = np.unpackbits(got.codes["pdq"][i] ^ got.codes["pdq_fast"][i]).sum()
            most_fast = max(most_fast, int(apart))
    return {"pdq": 0, "phash": 0, "pdq_fast": most_fast}


@click.command()
@photos_option
@click.option("--repeats", default=7, show_default=True, type=click.IntRange(min=1))
@output_option
def main(photos: Path | None, repeats: int, output: Path | None) -> None:
    """Measure, print the table, write the record."""
    with tempfile.TemporaryDirectory() as made:
        folder = photo_folder(photos, Path(made))
        files = [path.read_bytes() for path in list_photos(folder)]
    pixels = [np.ascontiguousarray(fp.decode_jpeg(data)) for data in files]
    bits = compare(files, pixels)
    works = {}
    for work, entries in rows(files, pixels).items():
        seconds = take_turns(entries, repeats, warm_up=0)
        peer = seconds[list(entries)[-1]]
        works[work] = {
            name: {
                "images_per_second": round(len(files) / statistics.median(times), 1),
                "ratio": round(
                    statistics.median(p / t for p, t in zip(peer, times, strict=True)), 2
                ),
            }
            for name, times in seconds.items()
        }
        click.echo(work)
        for name, row in works[work].items():
            click.echo(f"  {name:32s} {row['images_per_second']:8.0f}/s  {row['ratio']:5.2f}x")
    body = {"photos": len(files), "most_bits_apart": bits, "works": works}
    click.echo(write_record("hash", body, output))


if __name__ == "__main__":
    main()
