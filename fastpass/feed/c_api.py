"""The C interface of csrc/plugins (c_api.h, gpu_api.h), for other loaders' plug-ins and numba."""

from __future__ import annotations

import ctypes
from ctypes import (
    POINTER,
    c_char,
    c_char_p,
    c_int32,
    c_int64,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from functools import cache

from fastpass import errors
from fastpass._native import core
from fastpass.augment.native import decode_foreign
from fastpass.common.gpu import gpu_of
from fastpass.errors import FastpassError, MissingBackend

ABI_VERSION = 2


class Report(ctypes.Structure):
    """What became of one sample."""

    _fields_ = (
        ("byte_offset", c_int64),
        ("decode_nanoseconds", c_int64),
        ("augment_nanoseconds", c_int64),
        ("fault", c_int32),
        ("name", c_char * 28),
        ("message", c_char * 968),
    )

    def error(self, place: str = "") -> FastpassError | None:
        """The exception that this stands for, told with where it happened; None: all went well."""
        if self.fault == 0:
            return None
        kind: type[FastpassError] = getattr(errors, self.name.decode())
        message = self.message.decode(errors="replace")
        offset = None if self.byte_offset < 0 else self.byte_offset
        return kind(f"{place}: {message}" if place else message, byte_offset=offset)


class Image(ctypes.Structure):
    """Encoded bytes, and their seek index where there is one."""

    _fields_ = (
        ("bytes", c_void_p),
        ("num_bytes", c_int64),
        ("seek_index", c_void_p),
        ("num_index_bytes", c_int64),
    )


class Key(ctypes.Structure):
    """What all random numbers of a sample's views are drawn from."""

    _fields_ = (("seed", c_uint64), ("sample_id", c_int64), ("epoch", c_uint32))


class Region(ctypes.Structure):
    """A box of the decoded image in pixels after scaling (height 0: all of it), and the scale."""

    _fields_ = (
        ("top", c_int32),
        ("left", c_int32),
        ("height", c_int32),
        ("width", c_int32),
        ("scale_denominator", c_int32),
    )


class OpOutput(ctypes.Structure):
    """An array that an operation fills beside the view, for one sample."""

    _fields_ = (
        ("shape", POINTER(c_int64)),
        ("num_bytes", c_int64),
        ("num_dimensions", c_int32),
        ("dtype", c_int32),
    )


_SIGNATURES = {
    "fastpass_abi_version": (c_int32, ()),
    "fastpass_worker_new": (c_void_p, (c_char_p, POINTER(Report))),
    "fastpass_worker_free": (None, (c_void_p,)),
    "fastpass_num_views": (c_int32, (c_void_p,)),
    "fastpass_view_size": (c_int32, (c_void_p, c_int32)),
    "fastpass_view_bytes": (c_int64, (c_void_p, c_int32)),
    "fastpass_num_op_outputs": (c_int32, (c_void_p,)),
    "fastpass_get_op_output": (OpOutput, (c_void_p, c_int32)),
    "fastpass_render": (
        c_int32,
        (c_void_p, POINTER(Image), POINTER(Key), POINTER(c_void_p), POINTER(Report)),
    ),
    "fastpass_decoded_size": (
        c_int32,
        (
            c_void_p,
            POINTER(Image),
            POINTER(Region),
            POINTER(c_int32),
            POINTER(c_int32),
            POINTER(Report),
        ),
    ),
    "fastpass_decode": (
        c_int32,
        (c_void_p, POINTER(Image), POINTER(Region), POINTER(c_uint8), c_int64, POINTER(Report)),
    ),
    "fastpass_gpu_batch_new": (c_void_p, (c_char_p, c_int32, POINTER(Report))),
    "fastpass_gpu_batch_free": (None, (c_void_p,)),
    "fastpass_gpu_begin": (c_int32, (c_void_p, c_int64, POINTER(Report))),
    "fastpass_gpu_plan": (
        c_int32,
        (c_void_p, c_void_p, c_int64, POINTER(Image), POINTER(Key), POINTER(Report)),
    ),
    "fastpass_gpu_plan_decoding": (
        c_int32,
        (c_void_p, c_void_p, c_int64, POINTER(Image), POINTER(Region), POINTER(Report)),
    ),
    "fastpass_gpu_decode": (
        c_int32,
        (c_void_p, POINTER(c_void_p), c_void_p, POINTER(Report), POINTER(Report)),
    ),
    "fastpass_gpu_render": (
        c_int32,
        (c_void_p, POINTER(c_void_p), c_void_p, POINTER(Report), POINTER(Report)),
    ),
}


@cache
def library() -> ctypes.CDLL:
    """The native module, with the functions of the C interface declared.

    Its functions release the GIL, and may be called from any thread.

    Raises:
        MissingBackend: the native module is of another version than these files.
    """
    loaded = ctypes.CDLL(str(core.__file__))
    try:
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
        version = loaded.fastpass_abi_version()
    except AttributeError as error:
        raise _other_version(str(error)) from error
    if version != ABI_VERSION:
        raise _other_version(f"its C interface is version {version}, wanted {ABI_VERSION}")
    core.set_plugin_foreign_decoder(decode_foreign)
    core.set_plugin_gpus(lambda ordinal: gpu_of(f"cuda:{ordinal}").native)
    return loaded


def _other_version(reason: str) -> MissingBackend:
    return MissingBackend(
        f"{core.__file__} does not belong to this fastpass ({reason}): build it again"
    )
