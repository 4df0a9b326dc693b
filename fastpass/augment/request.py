"""What plug-ins of other loaders are asked for, as text: read by csrc/plugins/request.cpp."""

from __future__ import annotations

from collections.abc import Iterator

from fastpass._native import core
from fastpass.augment.native import spec_values
from fastpass.augment.op_compile import plugin_op_name
from fastpass.augment.recipe import Recipe
from fastpass.augment.spec import ViewSpec


def recipe_text(recipe: Recipe) -> str:
    """The views of a recipe: "view" on a line begins one, and "NAME VALUE" lines are its fields.

    Operations are compiled, and named in a way that holds in this process alone. Raises
    BadViewOp, MissingBackend.
    """
    lines: list[str] = []
    for spec in recipe.views:
        lines.append("view")
        lines += [f"{name} {_text(value)}" for name, value in spec_values(spec).items()]
        lines += _ops_text(spec)
    return "\n".join(lines) + "\n"


def _ops_text(spec: ViewSpec) -> Iterator[str]:
    for op in spec.ops:
        yield f"op {plugin_op_name(op, spec.size)}"
        for output in op.outputs:
            shape = output.shape_for(spec.size, dict(op.params))
            yield " ".join(["output", output.name, output.dtype, *map(str, shape)])


def request_text(
    recipe: Recipe | None = None,
    *,
    dtype: str = "float32",
    normalize: bool = True,
    memory_format: str = "contiguous",
    mode: str = "fast",
    on_damage: str = "raise",
    orientation: str = "ignore",
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
) -> str:
    """All that is asked of every sample; None: no views, for decoding alone."""
    options = {
        "dtype": dtype,
        "normalize": int(normalize),
        "memory_format": memory_format,
        "mode": mode,
        "on_damage": on_damage,
        "orientation": orientation,
        "max_pixels": max_pixels,
        "max_scan_blocks": max_scan_blocks,
    }
    lines = "".join(f"{name} {value}\n" for name, value in options.items())
    return lines if recipe is None else lines + recipe_text(recipe)


def _text(value: object) -> str:
    """Numbers as Python writes them, which names the very same double again."""
    if isinstance(value, list | tuple):
        return " ".join(_text(item) for item in value)
    return repr(value) if isinstance(value, int | float) else str(value)
