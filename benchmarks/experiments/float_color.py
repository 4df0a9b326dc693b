"""What color jitter in floating point, without Pillow's roundings, would cost in pixels.

    python -m benchmarks.float_color

Draws DINO's jitter for random crops of real photos and applies it twice: as Pillow does (8-bit
steps, each truncated; 8-bit HSV) and in float64 with clamping only, once as it is and once with
half a level taken off after every blend, which is what truncation takes on average. Prints the
difference in levels of 255: the reason why mode "fast" keeps the roundings (docs/augment.md).
"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

import fastpass as fp
from benchmarks.machine import output_option, write_record
from benchmarks.photos import list_photos, photo_folder, photos_option

Floats = npt.NDArray[np.float64]
LUMA = np.array([19595, 38470, 7471]) / 65536


def blend(gray: Floats | float, pixels: Floats, factor: float, bias: float) -> Floats:
    blended: Floats = np.clip(gray + factor * (pixels - gray) - bias, 0, 255)
    return blended


def shift_hue(pixels: Floats, turns: float) -> Floats:
    """Through HSV without quantisation (Smith, "Color gamut transform pairs", 1978)."""
    high, low = pixels.max(-1), pixels.min(-1)
    chroma = np.where(high > low, high - low, 1)
    r, g, b = np.moveaxis(pixels, -1, 0)
    is_red, is_green = r == high, g == high
    sixths = np.where(
        is_red, (g - b) / chroma, np.where(is_green, 2 + (b - r) / chroma, 4 + (r - g) / chroma)
    )
    hue = (sixths / 6 + turns) % 1 * 6
    places = (np.array([5, 3, 1]) + hue[..., None]) % 6
    ramp = np.clip(np.minimum(places, 4 - places), 0, 1)
    shifted: Floats = high[..., None] - (high - low)[..., None] * ramp
    return shifted


def jitter(pixels: npt.NDArray[np.uint8], params: fp.ViewParams, bias: float) -> Floats:
    values = pixels.astype(np.float64)
    for step in params.jitter_order:
        if step == "brightness":
            values = blend(0.0, values, params.brightness, bias)
        elif step == "contrast":
            values = blend(float((values @ LUMA).mean()), values, params.contrast, bias)
        elif step == "saturation":
            values = blend((values @ LUMA)[..., None], values, params.saturation, bias)
        else:
            values = shift_hue(values, params.hue)
    return values


def differences(photo: Path, sample_id: int) -> list[tuple[Floats, Floats]]:
    """(as it is, with the bias taken off) of each of two views: float minus exact, in levels."""
    jittered = fp.Jitter(0.4, 0.4, 0.2, 0.1, probability=1.0)
    spec = fp.ViewSpec(size=224, interpolation="bicubic", jitter=jittered)
    recipe = fp.Recipe("jitter", (spec,))
    data = photo.read_bytes()
    size = fp.probe(data)
    found = []
    for epoch in range(2):
        view = fp.draw(recipe, size.height, size.width, seed=0, epoch=epoch, sample_id=sample_id)[0]
        rendered = [
            fp.render(data, recipe, seed=0, params=[params], normalize=False, mode="exact")[0]
            for params in (dataclasses.replace(view, has_jitter=False), view)
        ]
        before, exact = (np.rint(np.moveaxis(r, 0, -1) * 255) for r in rendered)
        found.append(
            tuple(jitter(before.astype(np.uint8), view, bias) - exact for bias in (0.0, 0.5))
        )
    return found  # type: ignore[return-value]


@click.command()
@photos_option
@click.option("--count", default=50, show_default=True, help="Photos used.")
@output_option
def main(photos: Path | None, count: int, output: Path | None) -> None:
    """Compare and write the record."""
    with tempfile.TemporaryDirectory() as scratch:
        files = list_photos(photo_folder(photos, Path(scratch)))[:count]
        pairs = [pair for i, file in enumerate(files) for pair in differences(file, i)]
    results = {}
    for name, index in (("float", 0), ("float, half a level off per blend", 1)):
        values = np.abs(np.concatenate([pair[index].ravel() for pair in pairs]))
        results[name] = {
            "mean": round(float(values.mean()), 3),
            "p99": round(float(np.percentile(values, 99)), 2),
            "max": round(float(values.max()), 2),
        }
        click.echo(f"{name}: {results[name]}")
    body = {"unit": "levels of 255", "photos": len(files), "results": results}
    click.echo(write_record("float_color", body, output))


if __name__ == "__main__":
    main()
