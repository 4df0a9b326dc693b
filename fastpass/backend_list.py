"""Which implementation of each stage can be used here, and why another cannot."""

from __future__ import annotations

import importlib.util

from fastpass._native import core, load_cuda
from fastpass.errors import MissingBackend
from fastpass.types import Backend


def backends() -> list[Backend]:
    """Every backend that fastpass knows of, usable here or not."""
    built = dict(core.jpeg_backends())
    found = [
        Backend("cpu", "decode", "cpu" in built, built.get("cpu", "not built")),
        Backend(
            "turbo", "decode", "turbo" in built, built.get("turbo", "built without libjpeg-turbo")
        ),
        Backend("pillow", "decode", *_installed("PIL", "PNG and WebP only; a slow path")),
    ]
    for name in ("cuda", "nvjpeg"):
        found.append(Backend(name, "decode", False, "not part of this version"))
    kernels = f"{core.view_kernels()}, bit for bit Pillow's pixels"
    found.append(Backend("cpu", "augment", True, kernels))
    found.append(Backend("native", "feed", *_installed("torch", "threads without the GIL")))
    for name in ("dali", "ffcv"):
        found.append(Backend(name, "feed", False, "not part of this version"))
    found.append(_cuda())
    return found


def _installed(module: str, note: str) -> tuple[bool, str]:
    if importlib.util.find_spec(module) is None:
        return False, f"{module} is not installed"
    return True, note


def _cuda() -> Backend:
    try:
        cuda = load_cuda()
    except MissingBackend as error:
        return Backend("cuda", "augment", False, str(error))
    count = cuda.device_count()
    if count == 0:
        return Backend(
            "cuda", "augment", False, f"built ({cuda.ARCHITECTURES}), but no GPU is there"
        )
    note = f"normalization of uint8 views; built ({cuda.ARCHITECTURES}), {count} GPU(s)"
    return Backend("cuda", "augment", True, note)
