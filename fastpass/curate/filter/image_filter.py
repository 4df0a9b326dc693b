"""A filter of the user's: a Python function on numbers of one image, compiled by numba."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from fastpass.common.checks import require_like, require_type, shown
from fastpass.common.user_compile import compiled_with_callees, require_numba, why_not_compiled
from fastpass.common.user_source import place_of, source_hash
from fastpass.curate.filter.statistics import COLUMNS, ImageStatistics
from fastpass.errors import BadArgument, BadFilter, FastpassError

_IN_PYTHON = "image_filter(python=True), slow"

Param = bool | int | float

_lock = Lock()
_compiled: dict[Any, Any] = {}  # function and the kinds of its parameters -> loop over rows


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """A condition on the statistics of one image; ``image_filter`` makes it.

    name: "module:function". source: a hash of what it does (``source_hash``). columns: of
    ``image_statistics``, which its function is called with. params: what it is called with besides.
    """

    name: str
    source: str
    columns: tuple[str, ...]
    params: tuple[tuple[str, Param], ...]
    function: Callable[..., Any] = field(compare=False, repr=False)
    python: bool = field(compare=False, repr=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself, in Python."""
        return self.function(*args, **{**dict(self.params), **kwargs})

    def with_params(self, **changes: Any) -> ImageFilter:
        """The same filter with other values of its parameters.

        Raises BadArgument for an unknown name, or a value of another kind than the default.
        """
        values = dict(self.params)
        for name, value in changes.items():
            if name not in values:
                known = ", ".join(values) or "none"
                raise BadArgument(f"{self.name} has no parameter {name!r}; it has {known}")
            values[name] = require_like(f"{self.name}: {name}", values[name], value)
        return replace(self, params=tuple(values.items()))

    def prepare(self) -> None:
        """Compile it now, and not when it is first applied. Raises what ``apply`` raises."""
        self.apply({name: np.empty(0, dtype=COLUMNS[name]) for name in self.columns})

    def apply(self, columns: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
        """bool ``[N]``: which images are kept, by ``columns`` of N numbers each.

        columns: name -> numbers, as ``image_statistics`` gives them. Its images with an error never
        reach the function: they are False.

        Raises BadArgument for a column that is missing, of another shape, or without a number (NaN)
        for one of the other images; BadFilter where the
        function cannot be compiled, raises, or returns something else than a bool, MissingBackend
        without numba.
        """
        arrays = [_column(self.name, name, columns) for name in self.columns]
        lengths = {len(array) for array in arrays}
        if len(lengths) != 1:
            given = ", ".join(f"{n}: {len(a)}" for n, a in zip(self.columns, arrays, strict=True))
            raise BadArgument(f"{self.name}: columns have different lengths ({given})")
        kept = np.zeros(lengths.pop(), dtype=np.bool_)
        errors = columns.errors if isinstance(columns, ImageStatistics) else {}
        good = np.array([row for row in range(len(kept)) if row not in errors], dtype=np.int64)
        for name, array in zip(self.columns, arrays, strict=True):
            _refuse_unknown(self.name, name, array, good, columns)
        at = np.zeros(1, dtype=np.int64)
        run = _in_python(self) if self.python else _compiled_loop(self)
        try:
            run(kept, good, at, *arrays, *(value for _, value in self.params))
        except FastpassError:
            raise
        except Exception as error:  # whatever a function of the user raises
            raise BadFilter(_what_it_raised(self, error, int(at[0]), columns)) from error
        return kept


@overload
def image_filter(function: Callable[..., Any], /) -> ImageFilter: ...
@overload
def image_filter(*, python: bool = False) -> Callable[[Callable[..., Any]], ImageFilter]: ...
def image_filter(
    function: Callable[..., Any] | None = None, /, *, python: bool = False
) -> ImageFilter | Callable[[Callable[..., Any]], ImageFilter]:
    """Make a function a filter of images for ``fastpass filter``; a decorator.

    The function is called once per image, with numbers, and returns True for an image to keep. Its
    parameters without default are names of columns of ``image_statistics``. The others have
    defaults that are numbers: ``ImageFilter.with_params`` gives them other values. numba compiles
    the function, with those of yours that it calls, when it is first applied.

    python: let Python run the function, for what numba cannot compile; slow.

    Raises BadArgument for a parameter that is no column; BadFilter for a function of another form,
    or without a source text.
    """
    require_type("python", python, bool)

    def make(function: Callable[..., Any]) -> ImageFilter:
        if not inspect.isfunction(function):
            raise BadFilter(f"image_filter came for {shown(function)}, wanted a Python function")
        columns, params = _parameters(function)
        return ImageFilter(
            name=f"{function.__module__}:{function.__qualname__}",
            source=source_hash(function, refusal=BadFilter),
            columns=columns,
            params=params,
            function=function,
            python=python,
        )

    return make if function is None else make(function)


def _parameters(
    function: Callable[..., Any],
) -> tuple[tuple[str, ...], tuple[tuple[str, Param], ...]]:
    """Names of columns, and parameters with their defaults."""
    columns, params = [], []
    for parameter in inspect.signature(function).parameters.values():
        what = f"{place_of(function)}: the parameter {parameter.name!r} of {function.__qualname__}"
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            raise BadFilter(f"{what} is of a kind that filters do not have: wanted plain names")
        if parameter.default is parameter.empty:
            if parameter.name not in COLUMNS:
                known = ", ".join(COLUMNS)
                raise BadArgument(f"{what} is no column; there are: {known}. Or give it a default")
            columns.append(parameter.name)
        elif isinstance(parameter.default, bool | int | float):
            params.append((parameter.name, parameter.default))
        else:
            raise BadFilter(f"{what} needs a default that is a number")
    if not columns:
        raise BadFilter(
            f"{place_of(function)}: {function.__qualname__} names no column; there are: "
            f"{', '.join(COLUMNS)}"
        )
    return tuple(columns), tuple(params)


def _column(filter_name: str, name: str, columns: Mapping[str, Any]) -> npt.NDArray[Any]:
    if name not in columns:
        given = ", ".join(columns) or "none"
        raise BadArgument(f"{filter_name} needs the column {name!r}; there are: {given}")
    try:
        numbers: npt.NDArray[Any] = np.asarray(columns[name])
        array = numbers.astype(COLUMNS[name], casting="same_kind")
    except (TypeError, ValueError) as error:
        raise BadArgument(f"the column {name!r} does not hold numbers: {error}") from error
    if array.ndim != 1:
        raise BadArgument(
            f"the column {name!r} has the shape {array.shape}, wanted one number each"
        )
    if numbers.dtype == np.uint64 and (numbers > np.iinfo(np.int64).max).any():
        raise BadArgument(f"the column {name!r} holds {numbers.max()}, wanted at most 2**63 - 1")
    return np.ascontiguousarray(array)


def _refuse_unknown(
    filter_name: str,
    name: str,
    array: npt.NDArray[Any],
    rows: npt.NDArray[np.int64],
    columns: Mapping[str, Any],
) -> None:
    """Comparisons with NaN are False: an image would be dropped, and nobody would know why."""
    unknown = rows[np.isnan(array[rows])]
    if len(unknown):
        raise BadArgument(
            f"{filter_name}: the column {name!r} has no number (NaN) for {len(unknown):,} images, "
            f"the first is {_image(int(unknown[0]), columns)}: leave them out, or give them one"
        )


def _image(row: int, columns: Mapping[str, Any]) -> str:
    if isinstance(columns, ImageStatistics):
        return f"image {columns.sample_keys[row]!r}"
    return f"row {row}"


def _compiled_loop(of: ImageFilter) -> Any:
    """``(kept, rows, at, *columns, *params)``, without the GIL; compiled once.

    ``at``: the row that the function was called for last.
    """
    key = (of.function, tuple(type(value) for _, value in of.params))
    with _lock:
        if key not in _compiled:
            _compiled[key] = _compile(of)
        return _compiled[key]


def _compile(of: ImageFilter) -> Any:
    numba = require_numba(of.name, _IN_PYTHON)
    types = numba.types
    kinds = [numba.from_dtype(np.dtype(COLUMNS[name])) for name in of.columns]
    try:
        params = [numba.typeof(value) for _, value in of.params]
        function = compiled_with_callees(of.function, numba.njit(nogil=True))
        function.compile((*kinds, *params))
        (signature,) = function.nopython_signatures
        returned = signature.return_type
        names = {"function": function}
        exec(_loop_source(of), names)
        loop = numba.njit(nogil=True)(names["loop"])
        if returned == types.boolean:
            rows = types.Array(types.int64, 1, "C")
            arrays = [types.Array(kind, 1, "C") for kind in kinds]
            loop.compile((types.Array(types.boolean, 1, "C"), rows, rows, *arrays, *params))
    except Exception as error:  # numba raises errors of many kinds
        why = why_not_compiled(f"the filter {of.name}", of.function, error)
        raise BadFilter(f"{why}, or run the function in Python ({_IN_PYTHON})") from error
    if returned != types.boolean:
        raise BadFilter(
            f"the filter {of.name}, {place_of(of.function)}, returns {returned}, wanted a bool on "
            "every way through it: compare numbers, or write bool(...)"
        )
    return loop


def _loop_source(of: ImageFilter) -> str:
    columns = [f"column{i}" for i in range(len(of.columns))]
    params = [f"param{i}" for i in range(len(of.params))]
    numbers = [*(f"{column}[row]" for column in columns), *params]
    return "\n".join(
        [
            f"def loop({', '.join(['kept', 'rows', 'at', *columns, *params])}):",
            "    for row in rows:",
            "        at[0] = row",
            f"        kept[row] = function({', '.join(numbers)})",
        ]
    )


def _in_python(of: ImageFilter) -> Callable[..., None]:
    count = len(of.columns)

    def loop(kept: Any, rows: Any, at: Any, *numbers: Any) -> None:
        columns, params = numbers[:count], numbers[count:]
        for row in rows.tolist():
            at[0] = row
            answer = of.function(*(column[row].item() for column in columns), *params)
            if not isinstance(answer, bool | np.bool_):
                raise BadFilter(
                    f"the filter {of.name}, {place_of(of.function)}, returned {shown(answer)}, "
                    "wanted a bool"
                )
            kept[row] = answer

    return loop


def _what_it_raised(of: ImageFilter, error: Exception, row: int, columns: Mapping[str, Any]) -> str:
    code = of.function.__code__
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if f.filename == code.co_filename
    ]
    place = f"{code.co_filename}:{frames[-1].lineno}" if frames else place_of(of.function)
    numbers = ", ".join(f"{name} = {np.asarray(columns[name])[row]}" for name in of.columns)
    image = f"{_image(row, columns)} ({numbers})"
    return f"the filter {of.name}, {place}, at {image}: {type(error).__name__}: {error}"
