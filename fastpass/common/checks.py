"""Checks of numbers that users write; every refusal names the field."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from fastpass.errors import BadArgument

_SHOWN_CHARACTERS = 100


def shown(value: object) -> str:
    """``repr(value)`` for a message: of a long one, its beginning and how long it is."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        return f"a very long {type(value).__name__}"
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}... ({len(text):,} characters)"


def require_bytes(name: str, value: object) -> memoryview:
    """The bytes of any contiguous bytes-like object; refuse everything else."""
    try:
        view = memoryview(value)  # type: ignore[arg-type]
        if view.c_contiguous:
            return view.cast("B") if view.nbytes else memoryview(b"")
    except TypeError as error:
        raise BadArgument(f"{name} is a {type(value).__name__}, wanted bytes-like data") from error
    raise BadArgument(f"{name} is not contiguous in memory: pass a copy")


def require_bool(name: str, value: object) -> bool:
    """The value as a bool; refuse all but bools, NumPy's among them."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
        raise BadArgument(f"{name} = {shown(value)}, wanted True or False")
    return bool(value)


def require_type(name: str, value: object, wanted: type) -> None:
    """Refuse all but instances of ``wanted``."""
    if not isinstance(value, wanted):
        raise BadArgument(f"{name} is a {type(value).__name__}, wanted a {wanted.__name__}")


def require_number(name: str, value: object, low: float, high: float) -> float:
    """The value as a Python number; refuse all but finite real numbers in [low, high].

    NumPy's numbers are numbers; bools are not.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type, operator]
        raise BadArgument(f"{name} = {shown(value)}, wanted a number in [{low:g}, {high:g}]")
    return value if isinstance(value, int) else float(value)  # type: ignore[arg-type]


def require_integer(name: str, value: object, low: int, high: int) -> int:
    """The value as an int; refuse all but integers in [low, high].

    Whatever has ``__index__`` is an integer: NumPy's are, and tensors of one. Bools are not.
    """
    is_bool = isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool")
    try:
        number = None if is_bool else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or not low <= number <= high:
        raise BadArgument(f"{name} = {shown(value)}, wanted an integer in [{low}, {high}]")
    return number


def require_range(name: str, value: object, low: float, high: float) -> tuple[float, float]:
    """The pair as Python numbers; refuse all but low <= first <= last <= high."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise BadArgument(f"{name} = {shown(value)}, wanted a tuple of two numbers")
    first = require_number(f"{name}[0]", value[0], low, high)
    return first, require_number(f"{name}[1]", value[1], first, high)


def settle_integers(
    record: object, limits: Mapping[str, tuple[int, int]], *, prefix: str = ""
) -> None:
    """Fields of a frozen dataclass become ints (``require_integer``); limits: (low, high) of each.

    ``prefix`` stands before a field's name in messages.
    """
    for field, (low, high) in limits.items():
        number = require_integer(prefix + field, getattr(record, field), low, high)
        object.__setattr__(record, field, number)


def settle_numbers(
    record: object, limits: Mapping[str, tuple[float, float]], *, prefix: str = ""
) -> None:
    """Fields of a frozen dataclass become Python numbers, as in ``settle_integers``."""
    for field, (low, high) in limits.items():
        number = require_number(prefix + field, getattr(record, field), low, high)
        object.__setattr__(record, field, number)


def require_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse all but one of the given words."""
    if not isinstance(value, str) or value not in choices:
        raise BadArgument(f"{name} = {shown(value)}, wanted one of {', '.join(map(repr, choices))}")


def require_like(name: str, default: Any, value: Any) -> Any:
    """The value as the kind of number, or tuple of numbers, that ``default`` is; refuse others."""
    if isinstance(default, tuple):
        if not isinstance(value, tuple | list) or len(value) != len(default):
            raise BadArgument(f"{name} = {value!r}, wanted {len(default)} numbers")
        return tuple(require_like(name, *pair) for pair in zip(default, value, strict=True))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, float) and is_number:
        return float(value)
    if type(value) is not type(default):
        kind = type(default).__name__
        raise BadArgument(f"{name} = {value!r}, wanted a value of the kind of {default!r} ({kind})")
    return value
