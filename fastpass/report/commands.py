"""``fastpass report``."""

from __future__ import annotations

from pathlib import Path

import click

from fastpass.augment.recipe import Recipe
from fastpass.augment.recipes import RECIPES
from fastpass.augment.recipes.option import RecipeParam
from fastpass.common.command_line import Command, force_option
from fastpass.common.outputs import claim_file


@click.command("report", cls=Command)
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    show_default=True,
)
@force_option
@click.option(
    "--image",
    type=click.Path(path_type=Path),
    help="An image, or a tar whose first image is used, to show the views of.",
)
@click.option(
    "--recipe",
    type=RecipeParam(),
    default="dino",
    show_default=True,
    help=f"The recipe of those views: a recipe file, or one of {', '.join(RECIPES)}.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of those views.")
def report(
    run_dir: Path, output: Path, force: bool, image: Path | None, recipe: Recipe, seed: int
) -> None:
    """Write one self-contained HTML file about the training run in RUN_DIR.

    RUN_DIR holds log.jsonl (or train/log.jsonl) and, optionally, knn*.json and commands.txt.
    """
    from fastpass.report.page import KIND, write_report
    from fastpass.report.run import inputs_of, read_run
    from fastpass.report.views import draw_views, first_image

    claim_file(output, KIND, inputs=[*inputs_of(run_dir), *([image] if image else [])], force=force)
    run = read_run(run_dir)
    views = () if image is None else draw_views(first_image(image), recipe, seed=seed)
    path = write_report(run, output, views=views)
    for result in run.knn:
        click.echo(f"k-NN top-1  {result.name:12} {result.top1:6.2f} %")
    click.echo(f"report      {path}")
