"""The only import of the native modules; says what is missing and how to get it."""

from __future__ import annotations

import importlib
from types import ModuleType

from fastpass.errors import MissingBackend

try:
    core: ModuleType = importlib.import_module("fastpass._core")
except ModuleNotFoundError as error:
    if error.name != "fastpass._core":
        raise
    raise MissingBackend(
        "the native module fastpass._core is not built: run `make build` in the checkout, "
        "or `pip install .`"
    ) from error
