"""Which implementation of each stage can be used here, and why another cannot."""

from __future__ import annotations

import importlib.util

from fastpass._native import core, load_cuda
from fastpass.common.gpu import is_gpu_there
from fastpass.decode.nvjpeg import NvJpegDecoder
from fastpass.errors import DeviceFailed, MissingBackend
from fastpass.types import Backend


def backends() -> list[Backend]:
    """Every backend that fastpass knows of, usable here or not."""
    built = dict(core.jpeg_backends())
    found = [
        Backend("cpu", "decode", "cpu" in built, built.get("cpu", "not built")),
        Backend(
            "turbo", "decode", "turbo" in built, built.get("turbo", "built without libjpeg-turbo")
        ),
        Backend("pillow", "decode", *_installed("PIL", "all but JPEG; a slow path")),
    ]
    found.append(_cuda("decode", 'bit for bit the pixels of "cpu"'))
    found.append(_nvjpeg())
    routines = f"{core.view_routines()}, bit for bit Pillow's pixels"
    found.append(Backend("cpu", "augment", True, routines))
    found.append(_cuda("augment", 'bit for bit the views of "cpu"'))
    found.append(Backend("native", "feed", *_installed("torch", "threads without the GIL")))
    found.append(Backend("dali", "feed", *_installed("nvidia.dali", "a pipeline of NVIDIA DALI")))
    found.append(Backend("ffcv", "feed", *_installed("ffcv", "FFCV's Loader over one .beton")))
    return found


def _installed(module: str, note: str) -> tuple[bool, str]:
    package = module.partition(".")[0]  # of which find_spec imports the parent
    if importlib.util.find_spec(package) is None or importlib.util.find_spec(module) is None:
        return False, f"{module} is not installed"
    return True, note


def _cuda(stage: str, promise: str) -> Backend:
    try:
        cuda = load_cuda()
    except MissingBackend as error:
        return Backend("cuda", stage, False, str(error))
    count = cuda.device_count()
    built = f"built ({cuda.ARCHITECTURES})"
    if count == 0:
        return Backend("cuda", stage, False, f"{built}, but no GPU is there")
    return Backend("cuda", stage, True, f"{promise}; {built}, {count} GPU(s)")


def _nvjpeg() -> Backend:
    """Which of its engines decode here: it is asked, on torch's current GPU."""
    if not is_gpu_there():
        return Backend("nvjpeg", "decode", False, "no GPU is there")
    try:
        decoder = NvJpegDecoder()
    except (MissingBackend, DeviceFailed) as error:
        return Backend("nvjpeg", "decode", False, str(error))
    engines = "no decoding engines: kernels alone (GPU hybrid)"
    if decoder.num_engines > 0:
        engines = (
            f"{decoder.num_engines} decoding engine(s) of {decoder.cores_per_engine} core(s) for "
            "baseline files, kernels for the others"
        )
    return Backend("nvjpeg", "decode", True, engines)
