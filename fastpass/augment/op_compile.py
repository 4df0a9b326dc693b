"""From an operation to what native threads call."""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np

from fastpass._native import core
from fastpass.augment import view_random
from fastpass.augment.operation import ViewOp
from fastpass.common.user_compile import compiled_with_callees, require_numba, why_not_compiled
from fastpass.errors import BadViewOp, FastpassError


@dataclass(frozen=True, slots=True)
class _Native:
    """An operation for views of one size."""

    op: Any  # _core.ViewOp
    compiled: Any  # numba's cfunc, which owns the code; None where Python runs the function
    plugin_name: str


_log = logging.getLogger("fastpass")
_lock = Lock()
# Compiled functions live as long as the process: a loader may run them to its end.
_native: dict[tuple[Any, ...], _Native] = {}


def native_view_op(op: ViewOp, size: int) -> Any:
    """The ``_core.ViewOp`` for views of ``size`` pixels per side; compiled once.

    Raises BadViewOp for what numba cannot compile, MissingBackend without numba.
    """
    return _made(op, size).op


def plugin_op_name(op: ViewOp, size: int) -> str:
    """By which requests of this process name the same operation; see ``native_view_op``."""
    made = _made(op, size)
    core.define_plugin_op(made.plugin_name, made.op)
    return made.plugin_name


def _made(op: ViewOp, size: int) -> _Native:
    key = (op.function, op.params, op.outputs, op.normalized, op.python, op.check_bounds, size)
    with _lock:
        if key not in _native:
            _native[key] = _make(op, size)
        return _native[key]


def _make(op: ViewOp, size: int) -> _Native:
    shapes = [output.shape_for(size, dict(op.params)) for output in op.outputs]
    dtypes = [np.dtype(output.dtype) for output in op.outputs]
    if op.python:
        _log.warning("%s runs in Python under the GIL (python=True), which is slow", op.name)
        compiled = None
    else:
        compiled = _compile(op, shapes)
    native = core.ViewOp(
        name=op.name,
        is_normalized=op.normalized,
        address=0 if compiled is None else compiled.address,
        call=_python_call(op, shapes, dtypes),
        output_bytes=[
            int(np.prod(shape)) * dtype.itemsize
            for shape, dtype in zip(shapes, dtypes, strict=True)
        ],
    )
    # In another process the same name stands for the same, or for nothing.
    what = f"{op.source} {op.params} {op.python} {op.check_bounds} {size} {shapes} {dtypes}"
    digest = hashlib.sha256(what.encode()).hexdigest()[:16]
    return _Native(native, compiled, f"{op.name}@{digest}-{len(_native)}")


def _python_call(
    op: ViewOp, shapes: list[tuple[int, ...]], dtypes: list[np.dtype[Any]]
) -> Callable[..., None]:
    params = dict(op.params)

    def call(view: Any, key: int, outputs: list[Any]) -> None:
        places = zip(outputs, dtypes, shapes, strict=True)
        arrays = [memory.view(dtype).reshape(shape) for memory, dtype, shape in places]
        try:
            op.function(view, key, *arrays, **params)
        except FastpassError:
            raise
        except Exception as error:  # whatever a function of the user raises
            last = traceback.extract_tb(error.__traceback__)[-1]
            raise BadViewOp(
                f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"
            ) from None

    return call


def _compile(op: ViewOp, shapes: list[tuple[int, ...]]) -> Any:
    """numba's cfunc; see ``csrc/bindings/view_op.h`` for its arguments."""
    numba = require_numba(op.name, "view_op(python=True), slow")
    _register_random_numbers()
    types = numba.types
    view = types.Array(types.float32 if op.normalized else types.uint8, 3, "C")
    arrays = [
        types.Array(numba.from_dtype(np.dtype(output.dtype)), len(shape), "C")
        for output, shape in zip(op.outputs, shapes, strict=True)
    ]
    params = [numba.typeof(value) for _, value in op.params]
    try:
        function = compiled_with_callees(op.function, numba.njit(boundscheck=op.check_bounds))
        function.compile((view, types.uint64, *arrays, *params))
        names = {"function": function, "carray": numba.carray, "np": np}
        exec(_caller_source(op, shapes), names)
        signature = types.int32(
            types.voidptr, types.int64, types.uint64, types.CPointer(types.voidptr)
        )
        return numba.cfunc(signature)(names["call"])
    except Exception as error:  # numba raises errors of many kinds
        why = why_not_compiled(f"the view_op {op.name}", op.function, error)
        raise BadViewOp(
            f"{why}, or run the function in Python (view_op(python=True), slow)"
        ) from error


def _caller_source(op: ViewOp, shapes: list[tuple[int, ...]]) -> str:
    """Python of the function with the C arguments, around the operation."""
    view = "(3, size, size), np.float32" if op.normalized else "(size, size, 3), np.uint8"
    dtypes = [f"np.{np.dtype(output.dtype).type.__name__}" for output in op.outputs]
    outputs = [
        f"    output{i} = carray(outputs[{i}], {shape!r}, {dtype})"
        for i, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True))
    ]
    arguments = [*(f"output{i}" for i in range(len(shapes))), *(repr(v) for _, v in op.params)]
    lines = [
        "def call(view, size, key, outputs):",
        f"    array = carray(view, {view})",
        *outputs,
        "    try:",
        f"        function({', '.join(['array', 'key', *arguments])})",
        "    except Exception:",
        "        return np.int32(1)",
        "    return np.int32(0)",
    ]
    return "\n".join(lines)


@lru_cache(maxsize=1)
def _register_random_numbers() -> None:
    from numba.extending import register_jitable

    for function in view_random.FUNCTIONS:
        register_jitable(function)
