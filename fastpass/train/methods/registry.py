"""Finding a method by its name: every file of this folder may register one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, TypeVar

from fastpass.errors import ConfigError
from fastpass.train import methods
from fastpass.train.methods.method import Method

MethodT = TypeVar("MethodT", bound=type[Method[Any]])

_METHODS: dict[str, type[Method[Any]]] = {}


def register(name: str) -> Callable[[MethodT], MethodT]:
    """Class decorator: ``method.name = "<name>"`` means this class from now on."""

    def remember(method: MethodT) -> MethodT:
        _METHODS[name] = method
        return method

    return remember


def find_method(name: str) -> type[Method[Any]]:
    """The method called ``name``. Raises ConfigError listing the names when there is none."""
    for module in pkgutil.iter_modules(methods.__path__, methods.__name__ + "."):
        importlib.import_module(module.name)
    if name not in _METHODS:
        raise ConfigError(f"method.name: {name!r} is none of {', '.join(sorted(_METHODS))}")
    return _METHODS[name]
