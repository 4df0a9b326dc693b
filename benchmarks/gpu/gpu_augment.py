"""Views of images that lie decoded on a GPU: ours against torchvision v2 and kornia, by recipe.

    python -m benchmarks.gpu_augment

Ours renders every image from its own size, with parameters of its own. torchvision v2 draws one set
of parameters per call, so it is called image by image; kornia draws per image but wants one size,
so it gets float images that were resized before the clock starts, and it does not solarize.

Beside the times stands what each kernel must move at least (benchmarks/gpu/augment_traffic.py),
and the share of the batch's time that this would take at the rate of a copy.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import torch
from benchmarks.augment_traffic import kernel_traffic
from benchmarks.gpu_decode import read_batch
from benchmarks.gpu_run import (
    Open,
    copy_gigabytes_per_second,
    device_option,
    open_all,
    rate_rows,
    report,
    require_device,
    synchronize,
)

import fastpass as fp
from benchmarks.photos import photo_folder, photos_option
from benchmarks.turns import Work, take_turns

Rows = dict[str, dict[str, float]]

RECIPES = {
    "DINO, 2x224 + 8x96": fp.recipes.dino,
    "random resized crop 224 + flip": fp.recipes.rrc,
}


def draw_all(images: list[torch.Tensor], recipe: fp.Recipe) -> list[list[fp.ViewParams]]:
    return [fp.draw(recipe, *i.shape[:2], seed=n) for n, i in enumerate(images)]


def roofline(traffic: dict[str, int], gigabytes_per_second: float | None) -> Rows:
    """Kernel -> megabytes that it must move at least, and milliseconds at the rate of a copy."""
    rows = {kernel: {"least_megabytes": moved / 1e6} for kernel, moved in traffic.items()}
    if gigabytes_per_second is not None:
        for row in rows.values():
            row["least_milliseconds"] = row["least_megabytes"] / gigabytes_per_second
    return rows


def print_roofline(name: str, rows: Rows) -> None:
    click.echo(f"\n{name}, per batch")
    for kernel, values in rows.items():
        text = ", ".join(f"{key} {value:,.3f}" for key, value in values.items())
        click.echo(f"  {kernel:32s} {text}")


def ours(images: list[torch.Tensor], recipe: fp.Recipe, device: str) -> Open:
    def opened() -> Work:
        params = draw_all(images, recipe)

        def work() -> None:
            fp.render_tensors(
                images, recipe, seed=0, sample_ids=(), params=params, dtype="bfloat16",
            )  # fmt: skip
            synchronize(device)

        return work

    return opened


def torchvision_v2(images: list[torch.Tensor], recipe: fp.Recipe) -> Open:
    def opened() -> Work:
        from fastpass.bench.peers.torchvision_v2 import tensor_transform

        transforms = [tensor_transform(view, torch.bfloat16) for view in recipe.views]
        planar = [image.permute(2, 0, 1).contiguous() for image in images]

        def work() -> None:
            for transform in transforms:
                torch.stack([transform(image) for image in planar])
            torch.cuda.synchronize()

        return work

    return opened


def kornia_gpu(images: list[torch.Tensor], recipe: fp.Recipe) -> Open:
    def opened() -> Work:
        from fastpass.bench.peers.kornia_views import batch_transform

        transforms = [batch_transform(view) for view in recipe.views]
        same_size = torch.stack(
            [
                torch.nn.functional.interpolate(
                    image.permute(2, 0, 1)[None].float() / 255, (375, 500), mode="bilinear"
                )[0]
                for image in images
            ]
        )

        def work() -> None:
            for transform in transforms:
                transform(same_size)
            torch.cuda.synchronize()

        return work

    return opened


@click.command()
@device_option
@photos_option
@click.option("--batch-size", default=256, show_default=True, type=click.IntRange(min=1))
@click.option("--repeats", default=15, show_default=True, type=click.IntRange(min=1))
def main(device: str, photos: Path | None, batch_size: int, repeats: int) -> None:
    """Measure, print the table, write the record."""
    require_device(device)
    works: dict[str, Rows] = {}
    rooflines: dict[str, Rows] = {}
    shares: dict[str, float] = {}
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as made:
        batch = read_batch(photo_folder(photos, Path(made)), batch_size)
    images = fp.decode_jpeg(batch, device="cuda")
    rate = copy_gigabytes_per_second() if device == "cuda" else None
    for name, make in RECIPES.items():
        recipe = make()
        entries = {"fastpass": ours(images, recipe, device)}
        if device == "cuda":
            entries["torchvision v2, image by image"] = torchvision_v2(images, recipe)
            entries["kornia, one size"] = kornia_gpu(images, recipe)
        opened, missing = open_all(entries)
        works[name] = rate_rows(take_turns(opened, repeats), batch_size)
        left_out |= missing
        shapes = [tuple(image.shape) for image in images]
        traffic = kernel_traffic(shapes, recipe, draw_all(images, recipe), value_bytes=2)
        rooflines[name] = roofline(traffic, rate)
        print_roofline(name, rooflines[name])
        if rate is not None and "fastpass" in works[name]:
            least_seconds = sum(traffic.values()) / rate / 1e9
            shares[name] = least_seconds * works[name]["fastpass"]["images_per_second"] / batch_size
            click.echo(f"  share of the time: {shares[name]:.3f}")
    body = {
        "settings": {"batch_size": batch_size, "repeats": repeats},
        "works": works,
        "left_out": left_out,
        "least_per_batch": rooflines,
        "least_share_of_time": shares,
    }
    report("augment", device, body)


if __name__ == "__main__":
    main()
