"""Stand-ins for pack, recipes and loader, where a test is about how they are called."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import fastpass
import fastpass.augment


class Pack:
    fingerprint = "abc"

    def __init__(self, source: str) -> None:
        self.source = source

    def __len__(self) -> int:
        return 0 if self.source == "empty" else 40


class Loader:
    """Remembers how it was made."""

    def __init__(self, pack: Pack, recipe: Any, **options: Any) -> None:
        self.pack, self.recipe, self.options = pack, recipe, options

    def __len__(self) -> int:
        return len(self.pack) // self.options["batch_size"]


def dino(
    *,
    global_size: int = 224,
    num_local_crops: int = 8,
    global_scale: tuple[float, float] = (0.4, 1),
):
    kinds = ["global"] * 2 + ["local"] * num_local_crops
    view = {"size": global_size, "mean": (0.5,) * 3, "std": (0.25,) * 3, "scale": global_scale}
    return SimpleNamespace(views=[SimpleNamespace(kind=kind, **view) for kind in kinds])


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = ModuleType("fastpass.augment.recipes")
    recipes.dino = dino  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fastpass.augment.recipes", recipes)
    monkeypatch.setattr(fastpass.augment, "recipes", recipes, raising=False)
    monkeypatch.setattr(fastpass, "Pack", Pack, raising=False)
    monkeypatch.setattr(fastpass, "Loader", Loader, raising=False)
