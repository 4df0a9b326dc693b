"""fastpass: decode once, render every view, feed self-supervised training.

The public names below are imported when they are first used, so ``import fastpass`` itself needs
NumPy only.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fastpass.errors import (
    BadArgument,
    BadCheckpoint,
    BadPack,
    Closed,
    Collapsed,
    ConfigError,
    CorruptImage,
    DeviceFailed,
    FastpassError,
    ImageTooLarge,
    MissingBackend,
    OutOfMemory,
    ReadFailed,
    StalePack,
    UnsupportedImage,
    WriteFailed,
)
from fastpass.types import Backend, CropBox, ImageInfo, Sample

if TYPE_CHECKING:
    from fastpass.augment import recipes
    from fastpass.augment.recipe import Recipe, ViewSpec
    from fastpass.augment.views import ViewParams, draw, render
    from fastpass.backends import backends
    from fastpass.decode.image import decode_image
    from fastpass.decode.jpeg import decode_jpeg
    from fastpass.decode.probe import probe
    from fastpass.feed.batch import Batch
    from fastpass.feed.loader import Loader
    from fastpass.pack import Pack

__version__ = "0.1.0"

_LAZY = {
    "Batch": "fastpass.feed.batch",
    "Loader": "fastpass.feed.loader",
    "Pack": "fastpass.pack",
    "Recipe": "fastpass.augment.recipe",
    "ViewParams": "fastpass.augment.views",
    "ViewSpec": "fastpass.augment.recipe",
    "backends": "fastpass.backends",
    "decode_image": "fastpass.decode.image",
    "decode_jpeg": "fastpass.decode.jpeg",
    "draw": "fastpass.augment.views",
    "probe": "fastpass.decode.probe",
    "recipes": "fastpass.augment",
    "render": "fastpass.augment.views",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'fastpass' has no attribute {name!r}")
    module = importlib.import_module(_LAZY[name])
    value = importlib.import_module("fastpass.augment.recipes") if name == "recipes" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


__all__ = [
    "Backend",
    "BadArgument",
    "BadCheckpoint",
    "BadPack",
    "Batch",
    "Closed",
    "Collapsed",
    "ConfigError",
    "CorruptImage",
    "CropBox",
    "DeviceFailed",
    "FastpassError",
    "ImageInfo",
    "ImageTooLarge",
    "Loader",
    "MissingBackend",
    "OutOfMemory",
    "Pack",
    "ReadFailed",
    "Recipe",
    "Sample",
    "StalePack",
    "UnsupportedImage",
    "ViewParams",
    "ViewSpec",
    "WriteFailed",
    "backends",
    "decode_image",
    "decode_jpeg",
    "draw",
    "probe",
    "recipes",
    "render",
]
