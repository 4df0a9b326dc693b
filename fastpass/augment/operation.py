"""Your own operation on views: a Python function that numba compiles for the loader's threads."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any, overload

from fastpass.common.checks import (
    require_choice,
    require_integer,
    require_like,
    require_type,
    shown,
)
from fastpass.common.user_source import place_of, source_hash
from fastpass.errors import BadArgument, BadViewOp, ConfigError

OUTPUT_DTYPES = ("bool", "uint8", "int32", "int64", "float32")
MAX_OUTPUT_VALUES = 1 << 28

Param = bool | int | float | tuple[bool | int | float, ...]
Shape = tuple[int, ...] | Callable[[int, Mapping[str, Any]], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class OpOutput:
    """One output of an operation beside the view: its name, dtype and shape for one sample.

    shape: a tuple, or a function of the view's size (pixels) and the operation's params.
    """

    name: str
    dtype: str
    shape: Shape

    def shape_for(self, size: int, params: Mapping[str, Any]) -> tuple[int, ...]:
        """Raises BadArgument where it is no tuple of positive integers."""
        sides = self.shape(size, params) if callable(self.shape) else self.shape
        name = f"the shape of the output {self.name!r}"
        if not isinstance(sides, tuple):
            raise BadArgument(f"{name} is {sides!r}, wanted a tuple")
        found = tuple(require_integer(name, side, 1, MAX_OUTPUT_VALUES) for side in sides)
        values = 1
        for side in found:
            values *= side
        if values > MAX_OUTPUT_VALUES:
            raise BadArgument(f"{name} is {found}, wanted at most {MAX_OUTPUT_VALUES} values")
        return found


@dataclass(frozen=True, slots=True)
class ViewOp:
    """An operation on views; ``view_op`` makes it. Two are equal if they do the same.

    name: "module:function", by which recipes in files and checkpoints find it again.
    source: a hash of what it does (``source_hash``).
    params: what its function is called with beside view, key and outputs.
    """

    name: str
    source: str
    params: tuple[tuple[str, Param], ...]
    function: Callable[..., Any] = field(compare=False, repr=False)
    outputs: tuple[OpOutput, ...] = field(compare=False, repr=False)
    normalized: bool = field(compare=False, repr=False)
    python: bool = field(compare=False, repr=False)
    check_bounds: bool = field(compare=False, repr=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself, in Python: ``op(view, key, *outputs)``."""
        return self.function(*args, **{**dict(self.params), **kwargs})

    def with_params(self, **changes: Any) -> ViewOp:
        """The same operation with other values of its parameters.

        Raises BadArgument for an unknown name, or a value of another kind than the default.
        """
        values = dict(self.params)
        for name, value in changes.items():
            if name not in values:
                known = ", ".join(values) or "none"
                raise BadArgument(f"{self.name} has no parameter {name!r}; it has {known}")
            values[name] = require_like(f"{self.name}: {name}", values[name], value)
        return replace(self, params=tuple(values.items()))

    def in_python(self) -> ViewOp:
        """The same operation run by Python under the GIL, for where numba is not to be used."""
        return replace(self, python=True)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, from which ``from_dict`` finds the operation again."""
        plain: dict[str, Any] = {"name": self.name, "source": self.source}
        if self.params:
            values = dict(self.params)
            plain["params"] = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
        if self.python:
            plain["python"] = True
        return plain

    def __deepcopy__(self, memo: object) -> ViewOp:
        return self  # nothing of it changes

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle: by its name, as functions are pickled."""
        if "<locals>" in self.name:
            raise BadViewOp(
                f"{self.name} is defined inside a function, where another process cannot find it: "
                "define it at the top of a module"
            )
        return from_dict, (self.to_dict(),)


@overload
def view_op(function: Callable[..., Any], /) -> ViewOp: ...
@overload
def view_op(
    *,
    normalized: bool = False,
    outputs: Mapping[str, tuple[Shape, str]] | None = None,
    python: bool = False,
    check_bounds: bool = True,
) -> Callable[[Callable[..., Any]], ViewOp]: ...
def view_op(
    function: Callable[..., Any] | None = None,
    /,
    *,
    normalized: bool = False,
    outputs: Mapping[str, tuple[Shape, str]] | None = None,
    python: bool = False,
    check_bounds: bool = True,
) -> ViewOp | Callable[[Callable[..., Any]], ViewOp]:
    """Make a function an operation for ``ViewSpec.ops``; a decorator.

    The function is called as ``function(view, key, *outputs, **params)``, once per view, after all
    other steps, and changes ``view`` in place. ``key`` is an integer that follows from seed, epoch,
    sample, view and the operation's place: ``fastpass.random_unit(key, n)`` and its siblings make
    random numbers of it. numba compiles the function when it is first needed; it then runs on the
    loader's threads without the GIL. Functions of yours that it calls are compiled with it.

    Args:
        normalized: False: the view is uint8 [height, width, 3], before it is normalized. True: it
            is float32 [3, height, width], after that.
        outputs: name -> (shape, dtype) of arrays that the function fills beside the view; it has
            parameters of these names. They are zero before, and come back as
            ``Batch.outputs[name][view]``. shape: a tuple, or a function ``(size, params)`` that
            gives one; dtype: "bool", "uint8", "int32", "int64" or "float32".
        python: run the function in Python, for what numba cannot compile: slow, as one thread
            after the other has the GIL.
        check_bounds: an index beyond an array raises IndexError. Without the check loops over
            pixels may be faster, and a wrong index writes anywhere.

    All further parameters of the function need defaults, which are numbers or tuples of numbers:
    ``ViewOp.with_params`` and recipe files give them other values.

    Raises BadViewOp for a function of another form, or without a source text.
    """
    require_type("normalized", normalized, bool)
    require_type("python", python, bool)
    require_type("check_bounds", check_bounds, bool)
    wanted = tuple(_output(name, of) for name, of in (outputs or {}).items())
    declared = [value for output in wanted for value in astuple(output)]

    def make(function: Callable[..., Any]) -> ViewOp:
        if not inspect.isfunction(function):
            raise BadViewOp(f"view_op came for {shown(function)}, wanted a Python function")
        return ViewOp(
            name=f"{function.__module__}:{function.__qualname__}",
            source=source_hash(function, normalized, *declared, refusal=BadViewOp),
            params=_params(function, [output.name for output in wanted]),
            function=function,
            outputs=wanted,
            normalized=normalized,
            python=python,
            check_bounds=check_bounds,
        )

    return make if function is None else make(function)


def from_dict(data: object) -> ViewOp:
    """The operation that a recipe names: "module:function", or a table ``to_dict`` has made.

    Raises ConfigError where it is not to be found, or has changed since.
    """
    table = {"name": data} if isinstance(data, str) else data
    if not isinstance(table, Mapping) or not isinstance(table.get("name"), str):
        raise ConfigError(f"an operation is {data!r}, wanted 'module:function' or a table")
    unknown = sorted(str(key) for key in table if key not in ("name", "source", "params", "python"))
    if unknown:
        raise ConfigError(
            f"operation {table['name']}: unknown key {', '.join(unknown)}; known are name, params, "
            "python, source"
        )
    op = _found(table["name"])
    if "source" in table and table["source"] != op.source:
        raise ConfigError(
            f"the operation {op.name} has changed: the recipe was made with the source "
            f"{shown(table['source'])}, {place_of(op.function)} is {op.source!r}. Restore the "
            "old function, or leave 'source' out of the recipe to take the new one"
        )
    params = table.get("params", {})
    if not isinstance(params, Mapping):
        raise ConfigError(f"operation {op.name}: params = {params!r}, wanted a table")
    made = op.with_params(**params) if params else op
    return made.in_python() if table.get("python") else made


def _found(name: str) -> ViewOp:
    module, _, attributes = name.partition(":")
    if not module or not attributes:
        raise ConfigError(f"operation {name!r}, wanted 'module:function'")
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:  # whatever a module of the user raises
        raise ConfigError(
            f"operation {name!r}: importing {module} failed ({type(error).__name__}: {error}); the "
            "folder of the module must be on PYTHONPATH"
        ) from error
    for attribute in attributes.split("."):
        found = getattr(found, attribute, None)
    if not isinstance(found, ViewOp):
        raise ConfigError(
            f"operation {name!r}: {module} has no such operation; wanted a function that is "
            "decorated with @fastpass.view_op"
        )
    return found


def _output(name: str, of: object) -> OpOutput:
    if not isinstance(of, tuple) or len(of) != 2:
        raise BadArgument(f"outputs[{name!r}] = {of!r}, wanted a shape and a dtype")
    shape, dtype = of
    require_choice(f"outputs[{name!r}]: dtype", dtype, OUTPUT_DTYPES)
    output = OpOutput(name, dtype, shape)
    if not callable(shape):
        output.shape_for(0, {})
    return output


def _params(function: Callable[..., Any], outputs: list[str]) -> tuple[tuple[str, Param], ...]:
    """The parameters behind view, key and outputs, with their defaults."""
    parameters = list(inspect.signature(function).parameters.values())
    names = [parameter.name for parameter in parameters]
    if len(names) < 2 + len(outputs) or names[2 : 2 + len(outputs)] != outputs:
        wanted = ", ".join(["view", "key", *outputs])
        raise BadViewOp(
            f"{place_of(function)}: {function.__qualname__}({', '.join(names)}) is no operation: "
            f"wanted {wanted}, and then parameters with defaults"
        )
    params = []
    for parameter in parameters[2 + len(outputs) :]:
        default = parameter.default
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD or not _is_param(default):
            raise BadViewOp(
                f"{place_of(function)}: the parameter {parameter.name!r} of "
                f"{function.__qualname__} needs a default that is a number or a tuple of numbers"
            )
        params.append((parameter.name, default))
    return tuple(params)


def _is_param(value: object) -> bool:
    if isinstance(value, tuple):
        return len(value) > 0 and all(isinstance(item, bool | int | float) for item in value)
    return isinstance(value, bool | int | float)
