"""The source of a user's function: its text, that of the functions it calls, constants it names."""

from __future__ import annotations

import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from fastpass.errors import FastpassError

_LIBRARIES = sys.stdlib_module_names | {"numpy", "numba", "scipy"}
_of_fastpass: set[str] = set()


def leave_out_of_sources(module: str) -> None:
    """Functions of this module of fastpass are no part of the source of those that call them."""
    _of_fastpass.add(module)


def source_hash(
    function: Callable[..., Any], *declared: object, refusal: type[FastpassError]
) -> str:
    """16 hex digits that change with what the function does.

    They cover the text of the function, the texts of the functions of the user that it calls, and
    the numbers, strings and arrays that it takes from outside; and what was ``declared`` of it:
    values, and other functions.

    Raises ``refusal`` where a text is not to be found.
    """
    digest = hashlib.sha256()
    texts = [repr(value) for value in declared if not isinstance(value, FunctionType)]
    for value in declared:
        if isinstance(value, FunctionType):
            texts += _parts(value, set(), refusal)
    for part in [*_parts(function, set(), refusal), *texts]:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def called_functions(function: FunctionType) -> dict[str, FunctionType]:
    """The plain functions of the user that it calls by their names, in its globals and closure."""
    return {
        name: value
        for name, value in _outside(function)
        if isinstance(value, FunctionType) and _is_users(value)
    }


def place_of(function: Callable[..., Any]) -> str:
    """FILE:LINE where it is defined."""
    code: CodeType = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


def _parts(
    function: Callable[..., Any], seen: set[int], refusal: type[FastpassError]
) -> Iterator[str]:
    if id(function) in seen:
        return
    seen.add(id(function))
    try:
        yield textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise refusal(
            f"the source text of {function.__qualname__} is not to be found, and belongs to the "
            f"record of what was done ({error}): write the function in a file"
        ) from error
    for name, value in _outside(function):
        plain = getattr(value, "py_func", value)  # of what numba has compiled
        if isinstance(plain, FunctionType):
            if _is_users(plain):
                yield from _parts(plain, seen, refusal)
        elif isinstance(value, np.ndarray):
            digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            yield f"{name}={value.dtype.str}{value.shape}{digest}"
        elif isinstance(value, bool | int | float | str | tuple | np.generic):
            yield f"{name}={value!r}"


def _is_users(function: FunctionType) -> bool:
    root = (function.__module__ or "").partition(".")[0]
    return root not in _LIBRARIES and function.__module__ not in _of_fastpass


def _outside(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """Names and values of what it takes from its closure, its globals and their modules."""
    code: CodeType = function.__code__
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    known = {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}
    names = sorted({*code.co_freevars, *_names(code)})
    for name in names:
        value = known.get(name)
        if isinstance(value, ModuleType):
            if value.__name__.partition(".")[0] not in {*_LIBRARIES, "fastpass"}:
                inside = ((other, vars(value).get(other)) for other in names)
                yield from ((f"{name}.{other}", found) for other, found in inside)
        elif value is not None:
            yield name, value


def _names(code: CodeType) -> set[str]:
    inner = [_names(value) for value in code.co_consts if isinstance(value, CodeType)]
    return set(code.co_names).union(*inner)
