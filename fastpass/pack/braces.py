"""Braces in file names, as shells and WebDataset read them: ``shard-{000..127}.tar``."""

from __future__ import annotations

import re

from fastpass.errors import BadArgument

MAX_NAMES = 1_000_000

_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")


def expand_braces(text: str) -> list[str]:
    """All names that ``text`` stands for, in order; ``[text]`` where it has no braces to expand.

    ``{a,b}``: one of a list. ``{000..127}``: a range of numbers, as wide as the wider end where
    one has leading zeros; ``{0..9..3}``: every third; ``{a..e}``: letters. Braces may be nested.
    Raises ``BadArgument`` for more than a million names.
    """
    found = _first_group(text)
    if found is None:
        return [text]
    begin, end, choices = found
    tails = expand_braces(text[end:])
    if len(choices) * len(tails) > MAX_NAMES:
        raise BadArgument(f"{text[:200]!r} stands for more than {MAX_NAMES} names")
    return [text[:begin] + choice + tail for choice in choices for tail in tails]


def _first_group(text: str) -> tuple[int, int, list[str]] | None:
    """Where the first group begins and ends, and what it stands for."""
    for begin, letter in enumerate(text):
        end = _closing(text, begin) if letter == "{" else None
        if end is None:
            continue
        choices = _choices(text[begin + 1 : end])
        if choices is not None:
            return begin, end + 1, choices
    return None


def _closing(text: str, begin: int) -> int | None:
    depth = 0
    for at in range(begin, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return None


def _choices(inside: str) -> list[str] | None:
    match = _RANGE.fullmatch(inside)
    if match:
        return _range(*match.groups())
    pieces, depth, begin = [], 0, 0
    for at, letter in enumerate(inside):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            pieces.append(inside[begin:at])
            begin = at + 1
    if not pieces:
        return None
    return [name for piece in [*pieces, inside[begin:]] for name in expand_braces(piece)]


def _range(first: str, last: str, step: str | None) -> list[str] | None:
    are_numbers = _is_number(first)
    if are_numbers != _is_number(last):
        return None
    by = abs(int(step)) if step else 1
    low, high = (int(first), int(last)) if are_numbers else (ord(first), ord(last))
    if by == 0 or abs(high - low) // by >= MAX_NAMES:
        raise BadArgument(f"{{{first}..{last}}} stands for more than {MAX_NAMES} names")
    numbers = range(low, high + 1, by) if low <= high else range(low, high - 1, -by)
    if not are_numbers:
        return [chr(number) for number in numbers]
    is_padded = any(len(end.lstrip("-")) > 1 and end.lstrip("-")[0] == "0" for end in (first, last))
    width = max(len(first), len(last)) if is_padded else 0
    return [f"{number:0{width}d}" for number in numbers]


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()
