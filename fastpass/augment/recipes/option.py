"""Recipes on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fastpass.augment.recipe import Recipe
from fastpass.augment.recipes.named import as_recipe
from fastpass.errors import FastpassError

if TYPE_CHECKING:
    _RecipeType = click.ParamType[Recipe]
else:
    _RecipeType = click.ParamType  # not generic before click 8.4


class RecipeParam(_RecipeType):
    """NAME of a published recipe, or a recipe file (FILE.toml); its value is the Recipe."""

    name = "recipe"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Recipe:
        """A wrong name or file is wrong usage: exit code 2, with the names there are."""
        try:
            return as_recipe(value)
        except FastpassError as error:
            self.fail(str(error), param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What the help shows for the value."""
        return "NAME|FILE.toml"
