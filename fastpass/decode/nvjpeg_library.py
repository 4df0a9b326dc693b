"""libnvjpeg's C interface, found and loaded at run time: nothing of it is needed to build fastpass.

Names and numbers are those of NVIDIA's nvjpeg.h (nvJPEG 11.9 to 13; a test compares them with the
header where one is installed).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
from collections.abc import Iterator
from ctypes import POINTER, c_int, c_size_t, c_ubyte, c_uint, c_void_p
from pathlib import Path

from fastpass.errors import DeviceFailed, MissingBackend

MAX_COMPONENTS = 4
OUTPUT_RGB_INTERLEAVED = 5
BACKENDS = {"hybrid": 1, "gpu_hybrid": 2, "hardware": 3}
STATUS_NAMES = (
    "SUCCESS",
    "NOT_INITIALIZED",
    "INVALID_PARAMETER",
    "BAD_JPEG",
    "JPEG_NOT_SUPPORTED",
    "ALLOCATOR_FAILURE",
    "EXECUTION_FAILED",
    "ARCH_MISMATCH",
    "INTERNAL_ERROR",
    "IMPLEMENTATION_NOT_SUPPORTED",
    "INCOMPLETE_BITSTREAM",
)
BAD_JPEG, NOT_SUPPORTED, INCOMPLETE = 3, 4, 10


class Image(ctypes.Structure):
    """nvjpegImage_t: where each channel goes, and bytes from row to row; interleaved: channel 0."""

    _fields_ = [
        ("channel", c_void_p * MAX_COMPONENTS),
        ("pitch", c_size_t * MAX_COMPONENTS),
    ]


_Bytes = POINTER(c_ubyte)
PROTOTYPES = {
    "nvjpegGetProperty": [c_int, POINTER(c_int)],
    "nvjpegCreateEx": [c_int, c_void_p, c_void_p, c_uint, POINTER(c_void_p)],
    "nvjpegDestroy": [c_void_p],
    "nvjpegGetHardwareDecoderInfo": [c_void_p, POINTER(c_uint), POINTER(c_uint)],
    "nvjpegJpegStateCreate": [c_void_p, POINTER(c_void_p)],
    "nvjpegJpegStateDestroy": [c_void_p],
    "nvjpegJpegStreamCreate": [c_void_p, POINTER(c_void_p)],
    "nvjpegJpegStreamDestroy": [c_void_p],
    "nvjpegJpegStreamParseHeader": [c_void_p, _Bytes, c_size_t, c_void_p],
    "nvjpegDecodeBatchedSupported": [c_void_p, c_void_p, POINTER(c_int)],
    "nvjpegDecodeBatchedInitialize": [c_void_p, c_void_p, c_int, c_int, c_int],
    "nvjpegDecodeBatched": [
        c_void_p,
        c_void_p,
        POINTER(_Bytes),
        POINTER(c_size_t),
        POINTER(Image),
        c_void_p,
    ],
    "nvjpegDecode": [c_void_p, c_void_p, _Bytes, c_size_t, c_int, POINTER(Image), c_void_p],
}


def candidates() -> Iterator[str]:
    """Where the library may be: where the loader looks, then NVIDIA's Python packages."""
    for major in (13, 12, 11):
        yield f"libnvjpeg.so.{major}"
    package = importlib.util.find_spec("nvidia")
    for root in (package.submodule_search_locations or []) if package else []:
        yield from sorted(map(str, Path(root).glob("*/lib/libnvjpeg.so.*")), reverse=True)


@functools.cache
def library() -> ctypes.CDLL:
    """libnvjpeg with the prototypes above; loading it needs no GPU.

    Raises:
        MissingBackend: it is nowhere, or too old.
    """
    tried = list(candidates())
    for name in tried:
        try:
            loaded = ctypes.CDLL(name)
        except OSError:
            continue
        try:
            for function, arguments in PROTOTYPES.items():
                getattr(loaded, function).argtypes = arguments
        except AttributeError as error:
            raise MissingBackend(f"{name} is too old for backend 'nvjpeg': {error}") from error
        return loaded
    raise MissingBackend(
        f"libnvjpeg was not found ({', '.join(tried)}): install the CUDA toolkit, or pip install "
        "nvidia-nvjpeg"
    )


def version() -> str:
    """Of the library, as "13.3.2"."""
    numbers = []
    for which in range(3):
        number = c_int()
        check(library().nvjpegGetProperty(which, number), "asking nvJPEG for its version")
        numbers.append(str(number.value))
    return ".".join(numbers)


def status_name(status: int) -> str:
    """NVJPEG_STATUS_... of a number."""
    known = 0 <= status < len(STATUS_NAMES)
    return f"NVJPEG_STATUS_{STATUS_NAMES[status]}" if known else f"nvJPEG status {status}"


def check(status: int, doing: str) -> None:
    """Raise DeviceFailed unless the call succeeded."""
    if status != 0:
        raise DeviceFailed(f"{doing} failed: {status_name(status)}")
