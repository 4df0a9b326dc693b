"""Recipes in TOML files: the fields of Recipe, ViewSpec, Jitter and Blur by their names."""

from __future__ import annotations

import tomllib
from itertools import groupby
from os import PathLike
from pathlib import Path

from fastpass.augment.recipe import Recipe
from fastpass.common.checks import require_type
from fastpass.common.files import write_file
from fastpass.errors import ConfigError, FastpassError, ReadFailed


def load(path: str | PathLike[str]) -> Recipe:
    """The recipe in a TOML file: ``name``, and a ``[[views]]`` table for each view.

    ``[[views]]`` has the fields of ViewSpec, and ``count = 8`` for eight views of this kind;
    ``[views.jitter]`` and ``[views.blur]`` have those of Jitter and Blur. What is not given takes
    its default; a view without these two tables has no jitter and no blur.

    Raises ReadFailed, ConfigError (not TOML, an unknown key, a missing key) and BadArgument (a
    value out of range); the message names the file and the key.
    """
    try:
        tree = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ReadFailed(f"cannot read the recipe {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    try:
        return Recipe.from_dict(tree)
    except FastpassError as error:
        error.add_context(str(path))
        raise


def save(recipe: Recipe, path: str | PathLike[str]) -> None:
    """Write a recipe as a TOML file that ``load`` reads back as an equal one.

    Every field is written, defaults too, so that the file means the same in later versions; equal
    views in a row become one table with a ``count``. Raises BadArgument, WriteFailed.
    """
    import tomli_w

    require_type("recipe", recipe, Recipe)
    views = []
    for view, run in groupby(recipe.to_dict()["views"]):
        views.append({"count": len(list(run)), **view})
    text = tomli_w.dumps({"name": recipe.name, "views": views})
    write_file(path, text)
