"""A recipe is data: a name and what it asks of each view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from fastpass.augment.operation import ViewOp, from_dict
from fastpass.augment.spec import Blur, Jitter, ViewSpec
from fastpass.common.checks import require_integer
from fastpass.errors import BadArgument, ConfigError, FastpassError

MAX_VIEWS = 256


@dataclass(frozen=True, slots=True)
class Recipe:
    """The views of one sample, in order; the place of a view is its ``view_id``."""

    name: str
    views: tuple[ViewSpec, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise BadArgument(f"name = {self.name!r}, wanted a non-empty string")
        is_tuple = isinstance(self.views, tuple)
        if not is_tuple or not all(isinstance(view, ViewSpec) for view in self.views):
            raise BadArgument(f"views = {self.views!r}, wanted a tuple of ViewSpec")
        if not 1 <= len(self.views) <= MAX_VIEWS:
            raise BadArgument(f"{len(self.views)} views, wanted 1 to {MAX_VIEWS}")

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings (for TOML or JSON); no None, no tuples."""
        return {"name": self.name, "views": [_to_plain(view) for view in self.views]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """The inverse of ``to_dict``; absent keys take their defaults.

        A table of ``views`` with ``count = 8`` stands for eight equal views.

        Raises ConfigError for unknown or missing keys, BadArgument for values out of range.
        """
        _refuse_unknown_keys("recipe", data, {"name", "views"})
        for key in ("name", "views"):
            if key not in data:
                raise ConfigError(f"recipe: the key {key!r} is missing")
        if not isinstance(data["views"], list | tuple):
            raise ConfigError(f"recipe: views = {data['views']!r}, wanted a list of tables")
        views = [
            view
            for place, table in enumerate(data["views"])
            for view in _views_from_dict(f"recipe: views[{place}]", table)
        ]
        return cls(name=data["name"], views=tuple(views))


def _to_plain(value: Any) -> Any:
    if isinstance(value, ViewSpec | Jitter | Blur):
        pairs = ((name, getattr(value, name)) for name in _meaningful_fields(value))
        return {name: _to_plain(item) for name, item in pairs if item is not None}
    if isinstance(value, ViewOp):
        return value.to_dict()
    return [_to_plain(item) for item in value] if isinstance(value, tuple) else value


def _meaningful_fields(value: ViewSpec | Jitter | Blur) -> list[str]:
    names = [field.name for field in fields(value)]
    if isinstance(value, Blur) and value.kind == "pillow":
        names = [name for name in names if name not in ("kernel_size", "border")]
    if isinstance(value, ViewSpec) and not value.ops:
        names.remove("ops")  # as it was before there were any
    return names


def _refuse_unknown_keys(place: str, data: object, known: set[str]) -> None:
    if not isinstance(data, Mapping):
        raise ConfigError(f"{place}: {data!r}, wanted a table")
    unknown = sorted(str(key) for key in data if key not in known)
    if unknown:
        raise ConfigError(
            f"{place}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )


def _from_plain(kind: type[Any], place: str, data: Mapping[str, Any]) -> Any:
    _refuse_unknown_keys(place, data, {field.name for field in fields(kind)})
    values = {key: tuple(item) if isinstance(item, list) else item for key, item in data.items()}
    try:
        return kind(**values)
    except BadArgument as error:
        raise BadArgument(f"{place}: {error}") from error


def _views_from_dict(place: str, data: Mapping[str, Any]) -> list[ViewSpec]:
    _refuse_unknown_keys(place, data, {"count", *(field.name for field in fields(ViewSpec))})
    if "size" not in data:
        raise ConfigError(f"{place}: the key 'size' is missing")
    values = dict(data)
    count = values.pop("count", 1)
    try:
        count = require_integer("count", count, 1, MAX_VIEWS)
    except BadArgument as error:
        raise BadArgument(f"{place}: {error}") from error
    nested: tuple[tuple[str, type[Any]], ...] = (("jitter", Jitter), ("blur", Blur))
    for key, kind in nested:
        if values.get(key) is not None:
            values[key] = _from_plain(kind, f"{place}.{key}", values[key])
    if isinstance(values.get("ops"), list):
        values["ops"] = _ops_from_plain(f"{place}.ops", values["ops"])
    return [_from_plain(ViewSpec, place, values)] * count


def _ops_from_plain(place: str, data: list[Any]) -> tuple[ViewOp, ...]:
    try:
        return tuple(from_dict(op) for op in data)
    except FastpassError as error:
        error.add_context(place)
        raise
