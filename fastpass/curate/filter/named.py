"""Filters by the names that a command line gives them: FILE.py:NAME or module:NAME."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from fastpass.curate.filter.image_filter import ImageFilter
from fastpass.errors import BadArgument, FastpassError


def named_filters(names: Sequence[str]) -> dict[str, ImageFilter]:
    """NAME -> filter, in the order given; the whole text where two have the same NAME.

    Raises BadArgument where one is not to be found.
    """
    last = [name.rpartition(":")[2] for name in names]
    labels = [
        short if last.count(short) == 1 else name for short, name in zip(last, names, strict=True)
    ]
    if len(set(labels)) < len(labels):
        raise BadArgument(f"a filter is given twice: {', '.join(names)}")
    modules: dict[str, ModuleType] = {}
    return {label: _found(name, modules) for label, name in zip(labels, names, strict=True)}


def _found(name: str, modules: dict[str, ModuleType]) -> ImageFilter:
    where, _, attributes = name.rpartition(":")
    if not where or not attributes:
        raise BadArgument(f"filter {name!r}, wanted FILE.py:NAME or module:NAME")
    if where not in modules:
        modules[where] = _imported(name, where)
    found: Any = modules[where]
    for attribute in attributes.split("."):
        found = getattr(found, attribute, None)
    if not isinstance(found, ImageFilter):
        there = [key for key, value in vars(modules[where]).items() if _is_filter(value)]
        raise BadArgument(
            f"filter {name!r}: {where} has no such filter; wanted a function that is decorated "
            f"with @fastpass.image_filter (there: {', '.join(there) or 'none'})"
        )
    return found


def _is_filter(value: object) -> bool:
    return isinstance(value, ImageFilter)


def _imported(name: str, where: str) -> ModuleType:
    path = Path(where).resolve()
    try:
        content = path.read_bytes() if where.endswith(".py") else None
    except OSError as error:
        raise BadArgument(f"filter {name!r}: cannot read {where}: {error.strerror}") from error
    try:
        return importlib.import_module(where) if content is None else _run_file(path, content)
    except FastpassError:  # of the decorator, which names file and line
        raise
    except (Exception, SystemExit) as error:  # whatever a module of the user raises
        raise BadArgument(
            f"filter {name!r}: importing {where} failed ({type(error).__name__}: {error})"
        ) from error


def _run_file(path: Path, content: bytes) -> ModuleType:
    """The file as a module; like a program, it finds modules that lie beside it."""
    # A name of letters: numba takes no bytes that are not UTF-8.
    module = ModuleType("filters_in_" + re.sub(r"\W", "_", path.stem))
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(path.parent))
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    finally:
        sys.path.remove(str(path.parent))
    return module
