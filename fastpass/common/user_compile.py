"""A user's function compiled by numba, together with those that it calls."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

from fastpass.common.user_source import called_functions, place_of
from fastpass.errors import MissingBackend


def require_numba(what: str, in_python: str) -> Any:
    """The module numba, which compiles ``what``; ``in_python``: how to do without.

    Raises MissingBackend.
    """
    try:
        return importlib.import_module("numba")
    except ModuleNotFoundError as error:
        raise MissingBackend(
            f"numba, which compiles {what}, is not installed: pip install 'fastpass[view_op]'"
            + (f", or run it in Python ({in_python})" if in_python else "")
        ) from error


def compiled_with_callees(function: Any, jit: Callable[[Any], Any]) -> Any:
    """The function compiled by ``jit``, and the plain functions of the user that it calls too."""
    return _jitted(function, jit, {})


def _jitted(function: Any, jit: Callable[[Any], Any], done: dict[Any, Any]) -> Any:
    if function not in done:
        called = {
            name: _jitted(other, jit, done)
            for name, other in called_functions(function).items()
            if other is not function
        }
        closure = tuple(
            CellType(called[name]) if name in called else cell
            for name, cell in zip(
                function.__code__.co_freevars, function.__closure__ or (), strict=True
            )
        )
        # The same code; only the names of functions now lead to the compiled ones.
        linked = FunctionType(
            function.__code__,
            {**function.__globals__, **called},
            function.__name__,
            function.__defaults__,
            closure,
        )
        done[function] = jit(linked)
    return done[function]


def why_not_compiled(what: str, function: Callable[..., Any], error: Exception) -> str:
    """What numba says about the function, with the line that it means, and to change that line."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Failed in")][:1] or lines[:1] or [""]
    where = getattr(error, "loc", None)
    place = place_of(function)
    if where is not None and where.filename and where.line:
        place = f"{function.__code__.co_filename}:{where.line}"
    return f"numba cannot compile {what}, {place}: {said[0].strip()}. Change that line"
