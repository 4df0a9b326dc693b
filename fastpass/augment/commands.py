"""The command ``fastpass preview``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from fastpass.augment.recipe import Recipe
from fastpass.augment.recipes import RECIPES
from fastpass.augment.recipes.option import RecipeParam
from fastpass.common.command_line import Command, force_option
from fastpass.common.outputs import claim_file

if TYPE_CHECKING:
    from fastpass.decode.jpeg import Pixels


@click.command(cls=Command)
@click.argument("image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--recipe",
    type=RecipeParam(),
    default="dino",
    show_default=True,
    help=f"A recipe file, or one of {', '.join(RECIPES)}.",
)
@click.option("--mode", type=click.Choice(["exact", "fast"]), default="fast", show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True)
@click.option("--epoch", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--sample-id", type=click.IntRange(-(2**63), 2**63 - 1), default=0)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("preview.png")
)
@force_option
@click.option("--json", "as_json", is_flag=True, help="Print the drawn parameters as JSON.")
def preview(
    image: Path,
    recipe: Recipe,
    mode: Literal["exact", "fast"],
    seed: int,
    epoch: int,
    sample_id: int,
    output: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Draw the views that a recipe makes of IMAGE as a labelled grid."""
    from fastpass.augment.preview import KIND, draw_grid, save_grid
    from fastpass.augment.render import draw, render
    from fastpass.errors import FastpassError

    claim_file(output, KIND, inputs=[image], force=force)
    try:
        data, height, width = _read_image(image)
        params = draw(recipe, height, width, seed=seed, epoch=epoch, sample_id=sample_id)
        views = render(
            data,
            recipe,
            seed=seed,
            epoch=epoch,
            sample_id=sample_id,
            params=params,
            normalize=False,
            mode=mode,
        )
    except FastpassError as error:
        error.add_context(str(image))
        raise
    save_grid(draw_grid(recipe, views, params), output)
    if as_json:
        click.echo(json.dumps([asdict(view) for view in params]))
    else:
        click.echo(f"{output}: {len(views)} views of {image} ({recipe.name}, seed {seed})")


def _read_image(path: Path) -> tuple[Any, int, int]:
    """What ``render`` takes, height and width: encoded bytes where training reads that format."""
    from fastpass.decode import probe
    from fastpass.errors import UnsupportedImage

    data = path.read_bytes()
    try:
        info = probe(data)
    except UnsupportedImage:
        pixels = _read_with_pillow(path)
        return pixels, *pixels.shape[:2]
    return data, info.height, info.width


def _read_with_pillow(path: Path) -> Pixels:
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    from fastpass.errors import CorruptImage, UnsupportedImage

    try:
        with Image.open(path) as opened:
            return np.asarray(opened.convert("RGB"))
    except UnidentifiedImageError as error:
        raise UnsupportedImage("this is not an image that Pillow can read") from error
    except Exception as error:  # its plug-ins raise whatever happens to them
        raise CorruptImage(f"Pillow cannot decode it: {error}") from error
