"""``fastpass report``."""

from __future__ import annotations

from pathlib import Path

import click

from fastpass.augment.recipe import Recipe
from fastpass.augment.recipes import RECIPES
from fastpass.augment.recipes.option import RecipeParam
from fastpass.common.command_line import Command, force_option
from fastpass.common.names import shown_name
from fastpass.common.outputs import claim_file
from fastpass.errors import ConfigError
from fastpass.pages import Picture


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
    help="The recipe of those views: a recipe file, or one of "
    f"{', '.join(RECIPES)}.  [default: the run's]",
)
@click.option("--seed", type=int, help="Seed of those views.  [default: the run's]")
def report(
    run_dir: Path,
    output: Path,
    force: bool,
    image: Path | None,
    recipe: Recipe | None,
    seed: int | None,
) -> None:
    """Write one self-contained HTML file about the training run in RUN_DIR.

    RUN_DIR holds log.jsonl and, optionally, knn*.json, the results of `fastpass evaluate knn`; both
    may also lie in RUN_DIR/train. What is in RUN_DIR/commands.txt is shown as it is.
    """
    from fastpass.report.page import KIND, write_report
    from fastpass.report.run import inputs_of, read_run

    claim_file(output, KIND, inputs=[*inputs_of(run_dir), *([image] if image else [])], force=force)
    run = read_run(run_dir)
    views = () if image is None else _drawn(run_dir, image, recipe, seed)
    path = write_report(run, output, views=views)
    for problem in run.problems:
        click.echo(shown_name(problem))
    for result in run.knn:
        click.echo(f"k-NN top-1  {result.name:12} {result.top1:6.2f} %")
    click.echo(f"report      {shown_name(str(path))}")


def _drawn(
    run_dir: Path, image: Path, recipe: Recipe | None, seed: int | None
) -> tuple[Picture, ...]:
    """The views of the run, unless another recipe or seed is asked for."""
    from fastpass.report.recipe import RunViews, views_of_run
    from fastpass.report.views import draw_views, first_image

    views = views_of_run(run_dir) if recipe is None else RunViews(recipe)
    if views is None:
        raise ConfigError(
            f"{run_dir} holds neither config.json nor a checkpoint to say which views the run "
            "trains on: name a recipe with --recipe"
        )
    return draw_views(
        first_image(image),
        views.recipe,
        seed=views.seed if seed is None else seed,
        mode=views.mode,
        orientation=views.orientation,
        on_damage=views.on_damage,
    )
