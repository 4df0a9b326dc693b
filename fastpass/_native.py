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


def load_cuda() -> ModuleType:
    """The module fastpass._cuda; importing it needs no GPU.

    Raises:
        MissingBackend: fastpass was built where no nvcc was found.
    """
    try:
        return importlib.import_module("fastpass._cuda")
    except ModuleNotFoundError as error:
        if error.name != "fastpass._cuda":
            raise
        raise MissingBackend(
            "the CUDA module fastpass._cuda is not built, because no nvcc was found: install the "
            "CUDA toolkit (12.4 or newer), put nvcc on PATH, and build again"
        ) from error
