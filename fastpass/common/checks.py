"""Checks of numbers that users write; every refusal names the field."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

from fastpass.errors import BadArgument

_SHOWN_CHARACTERS = 100


def shown(value: object) -> str:
    """``repr(value)`` for a message: of a long one, its beginning and how long it is."""
    text = repr(value)
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}... ({len(text):,} characters)"


def require_bytes(name: str, value: object) -> memoryview:
    """A memoryview of any contiguous bytes-like object; refuse everything else."""
    try:
        view = memoryview(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise BadArgument(f"{name} is a {type(value).__name__}, wanted bytes-like data") from error
    if not view.c_contiguous:
        raise BadArgument(f"{name} is not contiguous in memory: pass a copy")
    return view


def require_type(name: str, value: object, wanted: type) -> None:
    """Refuse all but instances of ``wanted``."""
    if not isinstance(value, wanted):
        raise BadArgument(f"{name} is a {type(value).__name__}, wanted a {wanted.__name__}")


def require_number(name: str, value: object, low: float, high: float) -> None:
    """Refuse all but a finite int or float in [low, high]."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type, operator]
        raise BadArgument(f"{name} = {shown(value)}, wanted a number in [{low:g}, {high:g}]")


def require_integer(name: str, value: object, low: int, high: int) -> int:
    """``value`` as an int. Refuse all but whole numbers in [low, high]; no bool.

    Whatever has ``__index__`` is one: int, NumPy's integers, a tensor with one integer.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high:
        raise BadArgument(f"{name} = {shown(value)}, wanted an integer in [{low}, {high}]")
    return number


def require_range(name: str, value: object, low: float, high: float) -> None:
    """Refuse all but a pair (first, last) with low <= first <= last <= high."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise BadArgument(f"{name} = {shown(value)}, wanted a tuple of two numbers")
    require_number(f"{name}[0]", value[0], low, high)
    require_number(f"{name}[1]", value[1], value[0], high)


def require_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse all but one of the given words."""
    if value not in choices:
        raise BadArgument(f"{name} = {shown(value)}, wanted one of {', '.join(map(repr, choices))}")
