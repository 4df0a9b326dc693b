"""augment: pixels -> views. A recipe is data, drawing makes every random choice, rendering none."""

from fastpass.augment import recipes, view_ops
from fastpass.augment.operation import ViewOp, view_op
from fastpass.augment.params import ViewParams
from fastpass.augment.recipe import Recipe
from fastpass.augment.render import draw, render
from fastpass.augment.spec import Blur, Jitter, ViewSpec
from fastpass.augment.tensors import render_tensors
from fastpass.augment.view_random import random_below, random_bits, random_normal, random_unit

__all__ = [
    "Blur",
    "Jitter",
    "Recipe",
    "ViewOp",
    "ViewParams",
    "ViewSpec",
    "draw",
    "random_below",
    "random_bits",
    "random_normal",
    "random_unit",
    "recipes",
    "render",
    "render_tensors",
    "view_op",
    "view_ops",
]
