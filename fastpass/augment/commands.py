"""The command ``fastpass preview``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from fastpass.augment.recipes import RECIPES


@click.command()
@click.argument("image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--recipe", "recipe_name", type=click.Choice(sorted(RECIPES)), default="dino")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True)
@click.option("--epoch", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--sample-id", type=click.IntRange(-(2**63), 2**63 - 1), default=0)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("preview.png")
)
@click.option("--json", "as_json", is_flag=True, help="Print the drawn parameters as JSON.")
def preview(
    image: Path,
    recipe_name: str,
    seed: int,
    epoch: int,
    sample_id: int,
    output: Path,
    as_json: bool,
) -> None:
    """Draw the views that a recipe makes of IMAGE as a labelled grid."""
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    from fastpass.augment.preview import draw_grid
    from fastpass.augment.render import draw, render
    from fastpass.errors import FastpassError

    recipe = RECIPES[recipe_name]()
    try:
        with Image.open(image) as opened:
            pixels = np.asarray(opened.convert("RGB"))
        params = draw(
            recipe, pixels.shape[1], pixels.shape[0], seed=seed, epoch=epoch, sample_id=sample_id
        )
        views = render(pixels, recipe, seed=seed, params=params, normalize=False)
        draw_grid(recipe, views, params).save(output)
    except UnidentifiedImageError as error:
        raise click.ClickException(f"{image} is not an image that Pillow can read") from error
    except (FastpassError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise click.ClickException(f"{image} -> {output}: {error}") from error
    if as_json:
        click.echo(json.dumps([asdict(view) for view in params]))
    else:
        click.echo(f"{output}: {len(views)} views of {image} ({recipe.name}, seed {seed})")
