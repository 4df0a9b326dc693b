"""The operators ``fn.fastpass.decode`` and ``fn.fastpass.multi_crop`` of NVIDIA DALI.

Call ``enable()`` once per process, before the first pipeline is built.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.augment.recipes import RECIPES
from fastpass.augment.recipes.named import RecipeLike, as_recipe
from fastpass.augment.request import recipe_text
from fastpass.errors import BadArgument, FastpassError, MissingBackend
from fastpass.feed.c_api import ABI_VERSION, Report, library
from fastpass.feed.dali_build import InstalledDali, built_plugin

_lock = threading.Lock()
_is_enabled = False


def enable() -> None:
    """Add our operators to DALI: ``fn.fastpass``, and in dynamic mode ``ndd.fastpass``.

    The first call on a machine builds DALI's plug-in with the C++ compiler that is there (about
    half a minute), and keeps it in ``$XDG_CACHE_HOME/fastpass`` (``~/.cache/fastpass``), one for
    each version of DALI. Later calls in the same process do nothing.

    Raises:
        MissingBackend: DALI is not installed, or the plug-in can be neither built nor loaded; the
            message says why.
        WriteFailed: the cache cannot be written.
    """
    global _is_enabled
    with _lock:
        if not _is_enabled:
            _load(built_plugin(_installed_dali()))
            _is_enabled = True


def recipe(value: RecipeLike) -> str:
    """What the operators' argument ``recipe`` takes for a Recipe, a published name, or a FILE.toml.

    Raises what ``fastpass.Loader`` raises for such a recipe.
    """
    return recipe_text(as_recipe(value))


def faults(reports: npt.ArrayLike) -> list[FastpassError | None]:
    """What ``on_error="report"`` says of each sample: None, or the error that was not raised.

    reports: the operator's last output, uint8 [N, bytes of a report]. Raises BadArgument.
    """
    rows = np.ascontiguousarray(reports)
    if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != ctypes.sizeof(Report):
        raise BadArgument(
            f"reports is an array of {rows.dtype} {list(rows.shape)}, wanted the last output of "
            f"the operator: uint8 [N, {ctypes.sizeof(Report)}]"
        )
    return [Report.from_buffer_copy(row).error() for row in rows]


def _installed_dali() -> InstalledDali:
    try:
        import nvidia.dali as dali
        from nvidia.dali import sysconfig
    except ModuleNotFoundError as error:
        raise MissingBackend(
            "NVIDIA DALI is not installed: run `pip install 'fastpass[dali]'`, or "
            "`pip install nvidia-dali-cuda120` for CUDA 12"
        ) from error
    except ImportError as error:
        raise MissingBackend(f"NVIDIA DALI is installed, but cannot be loaded: {error}") from error
    flags = [flag.replace("-I", "-isystem", 1) for flag in sysconfig.get_compile_flags()]
    return InstalledDali(dali.__version__, Path(sysconfig.get_lib_dir()), tuple(flags))


def _load(plugin: Path) -> None:
    """DALI keeps a plug-in that it has loaded until the process ends."""
    from nvidia.dali import plugin_manager

    library()  # declared, and able to decode what is no JPEG
    try:
        loaded = ctypes.CDLL(str(plugin))
        version = loaded.fastpass_dali_connect(str(core.__file__).encode())
    except (OSError, AttributeError) as error:
        raise MissingBackend(_cannot_load(plugin, str(error))) from error
    if version != ABI_VERSION:
        raise MissingBackend(_cannot_load(plugin, "it belongs to another version of fastpass"))
    for name, make in RECIPES.items():
        loaded.fastpass_dali_define_recipe(name.encode(), recipe_text(make()).encode())
    try:
        plugin_manager.load_library(str(plugin))
    except RuntimeError as error:
        raise MissingBackend(_cannot_load(plugin, str(error))) from error
    _tell_dynamic_mode()


def _cannot_load(plugin: Path, reason: str) -> str:
    return (
        f"DALI's plug-in {plugin} cannot be loaded ({reason}): remove its folder, so that it is "
        "built again"
    )


def _tell_dynamic_mode() -> None:
    """Dynamic mode looks for operators once, when it is imported."""
    ops: Any = sys.modules.get("nvidia.dali.experimental.dynamic._ops")
    if ops is not None:
        ops._initialize()
