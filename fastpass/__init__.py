"""fastpass: decode once, render every view, feed self-supervised training.

The public names below are imported when they are first used, so ``import fastpass`` itself needs
NumPy only.
"""

from __future__ import annotations

import importlib

from fastpass.errors import (
    BadArgument,
    BadCheckpoint,
    BadFilter,
    BadPack,
    BadSeekIndex,
    BadViewOp,
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
    TooManyScans,
    UnsupportedImage,
    WouldOverwrite,
    WriteFailed,
)

TYPE_CHECKING = False  # without importing typing: the program fastpass begins with this module
if TYPE_CHECKING:
    from typing import Any

    from fastpass.augment import (
        Blur,
        Jitter,
        Recipe,
        ViewOp,
        ViewParams,
        ViewSpec,
        draw,
        random_below,
        random_bits,
        random_normal,
        random_unit,
        recipes,
        render,
        render_tensors,
        view_op,
        view_ops,
    )
    from fastpass.backend_list import backends
    from fastpass.curate import (
        HammingIndex,
        Hashes,
        ImageFilter,
        cluster,
        hash_images,
        image_filter,
        image_statistics,
    )
    from fastpass.decode import build_seek_index, decode_image, decode_jpeg, probe
    from fastpass.feed import Batch, Loader, LoaderStats
    from fastpass.pack import Pack
    from fastpass.types import Backend, CropBox, ImageInfo, Sample

__version__ = "0.1.0"

# public name -> the module it comes from
_LAZY = {
    **dict.fromkeys(
        ["build_seek_index", "decode_image", "decode_jpeg", "probe"], "fastpass.decode"
    ),
    **dict.fromkeys(
        [
            "Blur",
            "Jitter",
            "Recipe",
            "ViewOp",
            "ViewParams",
            "ViewSpec",
            "draw",
            "random_below",
            "random_bits",
            "random_normal",
            "random_unit",
            "recipes",
            "render",
            "render_tensors",
            "view_op",
            "view_ops",
        ],
        "fastpass.augment",
    ),
    **dict.fromkeys(
        [
            "HammingIndex",
            "Hashes",
            "ImageFilter",
            "cluster",
            "hash_images",
            "image_filter",
            "image_statistics",
        ],
        "fastpass.curate",
    ),
    **dict.fromkeys(["Batch", "Loader", "LoaderStats"], "fastpass.feed"),
    **dict.fromkeys(["Backend", "CropBox", "ImageInfo", "Sample"], "fastpass.types"),
    "Pack": "fastpass.pack",
    "backends": "fastpass.backend_list",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'fastpass' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


__all__ = [
    "Backend",
    "BadArgument",
    "BadCheckpoint",
    "BadFilter",
    "BadPack",
    "BadSeekIndex",
    "BadViewOp",
    "Batch",
    "Blur",
    "Closed",
    "Collapsed",
    "ConfigError",
    "CorruptImage",
    "CropBox",
    "DeviceFailed",
    "FastpassError",
    "HammingIndex",
    "Hashes",
    "ImageFilter",
    "ImageInfo",
    "ImageTooLarge",
    "Jitter",
    "Loader",
    "LoaderStats",
    "MissingBackend",
    "OutOfMemory",
    "Pack",
    "ReadFailed",
    "Recipe",
    "Sample",
    "StalePack",
    "TooManyScans",
    "UnsupportedImage",
    "ViewOp",
    "ViewParams",
    "ViewSpec",
    "WouldOverwrite",
    "WriteFailed",
    "backends",
    "build_seek_index",
    "cluster",
    "decode_image",
    "decode_jpeg",
    "draw",
    "hash_images",
    "image_filter",
    "image_statistics",
    "probe",
    "random_below",
    "random_bits",
    "random_normal",
    "random_unit",
    "recipes",
    "render",
    "render_tensors",
    "view_op",
    "view_ops",
]
