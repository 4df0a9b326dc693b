"""The recipe that a run trains with: what its views are shown by."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from fastpass.augment import recipes
from fastpass.augment.recipe import Recipe
from fastpass.decode.settings import OnDamage, Orientation
from fastpass.errors import FastpassError, ReadFailed

_STEP = re.compile(r"step-\d+")  # without what a crash left under another name


@dataclass(frozen=True)
class RunViews:
    """The recipe of a run's views, and how images are read and views made (``fp.render``)."""

    recipe: Recipe
    mode: Literal["exact", "fast"] = "fast"
    seed: int = 0
    orientation: Orientation = "ignore"
    on_damage: OnDamage = "raise"


def views_of_run(folder: str | Path) -> RunViews | None:
    """From the newest checkpoint, which holds the recipe itself, else from config.json.

    None where neither is there. Raises ReadFailed for files that are not what a run writes.
    """
    root = Path(folder)
    for place in (root, root / "train"):
        state = _newest_state(place / "checkpoints")
        if state is not None:
            return _read(state, _of_state)
        if (place / "config.json").is_file():
            return _read(place / "config.json", _of_config)
    return None


def _newest_state(checkpoints: Path) -> Path | None:
    """Of the checkpoint that ``latest`` names, else of the last whole one."""
    with contextlib.suppress(OSError, ValueError):
        named = checkpoints / (checkpoints / "latest").read_text(encoding="utf-8").strip()
        if _STEP.fullmatch(named.name) and (named / "state.json").is_file():
            return named / "state.json"
    states = [s for s in checkpoints.glob("step-*/state.json") if _STEP.fullmatch(s.parent.name)]
    return max(states, default=None)


def _read(path: Path, views_of: Any) -> RunViews:
    try:
        found = views_of(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError, FastpassError) as error:
        raise ReadFailed(
            f"{path} is not what a training run writes ({type(error).__name__}: {error}); name the "
            "recipe with --recipe"
        ) from error
    except OSError as error:
        raise ReadFailed(f"cannot read {path}: {error.strerror or error}") from error
    assert isinstance(found, RunViews)
    return found


def _of_state(state: dict[str, Any]) -> RunViews:
    of_config = _of_config(state["config"])
    stored = state["data"].get("recipe")
    recipe = Recipe.from_dict(stored) if stored else of_config.recipe
    return replace(of_config, recipe=recipe)


def _of_config(config: dict[str, Any]) -> RunViews:
    augment = config["augment"]
    name, params = augment["recipe"], augment.get("params", {})
    if name in recipes.RECIPES:
        values = {key: tuple(v) if isinstance(v, list) else v for key, v in params.items()}
        recipe = recipes.RECIPES[name](**values)
    else:
        recipe = recipes.load(name)
    data = config.get("data", {})
    return RunViews(
        recipe,
        augment.get("mode", "fast"),
        int(config["train"]["seed"]),
        data.get("orientation", "ignore"),
        data.get("on_damage", "raise"),
    )
