"""The published recipes as data, and recipes in TOML files.

The numbers are those of the papers and of the released code; where the two differ, the docstring
says which one is here. The flip stands first here and last in some of the originals: every other
step treats left and right alike, so the views are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fastpass.augment.recipe import Recipe
from fastpass.augment.recipes.multi_crop import dino, dinov2, dinov2_released, swav
from fastpass.augment.recipes.one_view import evaluation, rrc
from fastpass.augment.recipes.toml_file import load, save
from fastpass.augment.recipes.two_views import byol, moco_v2, moco_v3, simclr

RECIPES: Mapping[str, Callable[[], Recipe]] = MappingProxyType(
    {
        "dino": dino,
        "dinov2": dinov2,
        "dinov2_released": dinov2_released,
        "moco_v2": moco_v2,
        "moco_v3": moco_v3,
        "swav": swav,
        "simclr": simclr,
        "byol": byol,
        "rrc": rrc,
        "evaluation": evaluation,
    }
)
"""By name, each with its defaults."""

__all__ = [
    "RECIPES",
    "byol",
    "dino",
    "dinov2",
    "dinov2_released",
    "evaluation",
    "load",
    "moco_v2",
    "moco_v3",
    "rrc",
    "save",
    "simclr",
    "swav",
]
