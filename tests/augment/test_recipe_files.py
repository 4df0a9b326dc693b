"""Recipes in TOML: all of a recipe survives, every key counts, refusals name file and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from fastpass.augment import Blur, Jitter, Recipe, ViewSpec, recipes
from fastpass.errors import BadArgument, ConfigError, FastpassError, ReadFailed, WriteFailed

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "configs" / "recipes" / "my_recipe.toml"


@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_recipes_survive_a_file(name: str, tmp_path: Path) -> None:
    recipe, path = recipes.RECIPES[name](), tmp_path / "recipe.toml"
    recipes.save(recipe, path)
    assert recipes.load(path) == recipe
    tables = tomllib.loads(path.read_text())["views"]
    assert len(tables) == len(dict.fromkeys(recipe.views))  # equal views share a table


def test_the_example_says_what_its_comments_say() -> None:
    recipe = recipes.load(EXAMPLE)
    large = ViewSpec(
        size=224,
        scale=(0.32, 1.0),
        interpolation="bicubic",
        grayscale=0.2,
        solarize=0.1,
        jitter=Jitter(0.4, 0.4, 0.2, 0.1, probability=0.8),
        blur=Blur(0.5, kind="gaussian"),
    )
    small = ViewSpec(
        size=98,
        kind="local",
        scale=(0.05, 0.32),
        interpolation="bicubic",
        grayscale=0.2,
        jitter=Jitter(saturation=0.2),
        blur=Blur(kind="gaussian"),
    )
    assert recipe == Recipe("my_recipe", (large,) * 2 + (small,) * 6)


def test_the_example_shows_every_key() -> None:
    (table, *_) = tomllib.loads(EXAMPLE.read_text())["views"]
    assert table.keys() == {"count", *(field.name for field in fields(ViewSpec))}
    assert table["jitter"].keys() == {field.name for field in fields(Jitter)}
    assert table["blur"].keys() == {field.name for field in fields(Blur)}


OTHER_VALUES: dict[str, Any] = {
    "name": "other",
    "count": 3,
    "size": 225,
    "kind": "local",
    "crop": "center",
    "resize": 300,
    "scale": [0.5, 0.6],
    "ratio": [1.0, 1.0],
    "interpolation": "bilinear",
    "flip": 0.1,
    "grayscale": 0.1,
    "solarize": 0.3,
    "solarize_threshold": 100,
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "probability": 0.9,
    "brightness": 0.9,
    "contrast": 0.9,
    "saturation": 0.9,
    "hue": 0.3,
    "sigma": [1.0, 1.5],
    "kernel_size": 23,
    "border": "zero",
    "ops": ["fastpass.augment.view_ops:random_erasing"],
}


def places_of_keys(tree: dict[str, Any], first: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of the recipe's name and first view."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from places_of_keys(value, (*first, key))
        elif key == "views":
            yield from places_of_keys(value[0], (*first, key, 0))
        else:
            yield (*first, key)


def test_every_key_is_read() -> None:
    tree = tomllib.loads(EXAMPLE.read_text())
    recipe = Recipe.from_dict(tree)
    places = [place for place in places_of_keys(tree) if place[-2:] != ("blur", "kind")]
    assert len(places) == 25
    for place in places:
        changed = node = deepcopy(tree)
        for key in place[:-1]:
            node = node[key]
        node[place[-1]] = OTHER_VALUES[place[-1]]
        assert Recipe.from_dict(changed) != recipe, place
    tree["views"][0]["blur"] = {"kind": "pillow"}
    blur = Recipe.from_dict(tree).views[0].blur
    assert blur is not None
    assert blur.kind == "pillow"


def test_the_table_in_the_docs_lists_every_recipe() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "recipes.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(recipes.RECIPES)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("name = ", ConfigError, "not valid TOML"),
        ("name = 'x'", ConfigError, "'views' is missing"),
        ("name = 'x'\nviews = [{size = 8, seize = 3}]", ConfigError, r"views\[0\].*seize"),
        ("name = 'x'\nviews = [{size = 8, count = 0}]", BadArgument, r"views\[0\].*count = 0"),
        ("name = 'x'\nviews = [{size = 8, count = 257}]", BadArgument, "count = 257"),
        ("name = 'x'\nviews = [{size = 8, count = 'x'}]", BadArgument, "count"),
        ("name = 'x'\nviews = [{size = 8}, {size = 8, flip = 2}]", BadArgument, r"\[1\].*flip"),
        ("name = 'x'\nviews = [{size = 8, blur = {kind = 'box'}}]", BadArgument, r"blur\.kind"),
        ("name = 'x'\nviews = [{size = 8, blur = {kernel_size = 23}}]", BadArgument, "'pillow'"),
        ("name = 3\nviews = [{size = 8}]", BadArgument, "name = 3"),
        ("name = 'x'\nviews = [{size = 2026-01-01}]", BadArgument, "size"),
    ],
)
def test_refusals_name_file_and_key(
    text: str, kind: type[FastpassError], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(kind, match=rf"mine\.toml.*{message}"):
        recipes.load(path)


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(ReadFailed, match=r"missing\.toml"):
        recipes.load(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"binary\.toml"):
        recipes.load(tmp_path / "binary.toml")
    with pytest.raises(WriteFailed, match=r"binary\.toml.recipe\.toml: Not a dir"):
        recipes.save(recipes.dino(), tmp_path / "binary.toml" / "recipe.toml")
    with pytest.raises(BadArgument, match="recipe"):
        recipes.save("dino", tmp_path / "recipe.toml")  # type: ignore[arg-type]
