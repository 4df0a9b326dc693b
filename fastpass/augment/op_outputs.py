"""What the operations of a recipe put out, and where they cannot run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.augment.recipe import Recipe
from fastpass.errors import BadArgument, MissingBackend


@dataclass(frozen=True, slots=True)
class OutputPlace:
    """One output of one view."""

    view: int
    name: str
    dtype: str
    shape: tuple[int, ...]  # of one sample


def output_places(recipe: Recipe) -> list[OutputPlace]:
    """All outputs in the order in which native code hands them out."""
    return [
        OutputPlace(place, output.name, output.dtype, output.shape_for(view.size, dict(op.params)))
        for place, view in enumerate(recipe.views)
        for op in view.ops
        for output in op.outputs
    ]


def named_outputs(
    places: Sequence[OutputPlace], memory: Sequence[npt.NDArray[np.uint8]]
) -> dict[str, dict[int, Any]]:
    """name -> place of the view -> array; ``memory``: uint8 [bytes], or [N, bytes] of a batch."""
    return by_name(
        places,
        [
            values.view(np.dtype(place.dtype)).reshape((*values.shape[:-1], *place.shape))
            for place, values in zip(places, memory, strict=True)
        ],
    )


def by_name(places: Sequence[OutputPlace], arrays: Sequence[Any]) -> dict[str, dict[int, Any]]:
    """name -> place of the view -> array, of arrays in the order of ``places``."""
    named: dict[str, dict[int, Any]] = {}
    for place, array in zip(places, arrays, strict=True):
        named.setdefault(place.name, {})[place.view] = array
    return named


def refuse_ops_on_gpu(recipe: Recipe) -> None:
    """Raises MissingBackend for a recipe with operations."""
    for view in recipe.views:
        for op in view.ops:
            raise MissingBackend(
                f"the view_op {op.name} runs on the CPU only: take device='cpu', or a recipe "
                "without it, and change the batch with torch"
            )


def check_dtype_of_ops(recipe: Recipe, dtype: str) -> None:
    """Raises BadArgument where an operation on normalized values gets none."""
    for view in recipe.views:
        for op in view.ops:
            if op.normalized and dtype == "uint8":
                raise BadArgument(
                    f"dtype = 'uint8', but the view_op {op.name} works on normalized values: "
                    "wanted a floating-point dtype, or an operation on pixels (normalized=False)"
                )
