"""A recipe by its name or its file, as the command line and the loader take it."""

from __future__ import annotations

import os

from fastpass.augment import recipes
from fastpass.augment.recipe import Recipe
from fastpass.common.checks import shown
from fastpass.errors import BadArgument

RecipeLike = Recipe | str | os.PathLike[str]


def as_recipe(value: RecipeLike) -> Recipe:
    """``value`` itself, the published recipe of that name, or that of a file (``FILE.toml``).

    Raises BadArgument for what is none of these, with the names there are, and what
    ``recipes.load`` raises.
    """
    if isinstance(value, Recipe):
        return value
    name = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if name in recipes.RECIPES:
        return recipes.RECIPES[name]()
    if name is not None and name.endswith(".toml"):
        return recipes.load(name)
    known = ", ".join(recipes.RECIPES)
    raise BadArgument(f"recipe = {shown(value)}, wanted a Recipe, one of {known}, or a FILE.toml")
