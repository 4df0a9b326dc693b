"""augment: pixels -> views. A recipe is data, drawing makes every random choice, rendering none."""

from fastpass.augment import recipes
from fastpass.augment.params import ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.augment.render import draw, render
from fastpass.augment.spec import Blur, Jitter, ViewSpec
from fastpass.augment.tensors import render_tensors

__all__ = [
    "Blur",
    "Jitter",
    "Recipe",
    "ViewParams",
    "ViewSpec",
    "draw",
    "recipes",
    "render",
    "render_tensors",
]
