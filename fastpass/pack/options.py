"""How a source is to be read: the choices of ``fp.Pack``, checked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fastpass.common.checks import require_choice
from fastpass.errors import BadArgument
from fastpass.pack.classes import as_class_to_idx
from fastpass.pack.keep_list import read_keep_list
from fastpass.pack.sources import PathLike

Layout = Literal["tars", "webdataset", "image_folder", "pass", "folder"]
KeyRule = Literal["first_dot", "last_dot"]
IndexUse = Literal["auto", "memory", "ignore"]

LAYOUTS = ("tars", "webdataset", "image_folder", "pass", "folder")
_JSON = "json:"


class HasClasses(Protocol):
    """A Pack, say."""

    @property
    def class_to_idx(self) -> dict[str, int] | None: ...


Classes = Sequence[str] | Mapping[str, int] | PathLike | HasClasses


@dataclass(frozen=True)
class PackOptions:
    """What ``fp.Pack`` was told besides its source; plain values, so that it can be pickled."""

    layout: str | None = None
    image: tuple[str, ...] = ()
    label: str | None = None
    keys: str | None = None
    classes: tuple[tuple[str, int], ...] | None = None
    keep: tuple[str, ...] | None = None
    keep_place: str = "keep="  # for messages
    index: str = "auto"
    index_dir: str | None = None

    @property
    def label_field(self) -> str | None:
        """The field of a sample that holds its label; "" for none; None for the layout's own."""
        if self.label is None:
            return None
        return "" if self.label == "none" or self.label_in_json else self.label

    @property
    def label_in_json(self) -> tuple[str, ...] | None:
        """("annotation", "label") for ``json:annotation.label``."""
        if self.label is None or not self.label.startswith(_JSON):
            return None
        return tuple(self.label.removeprefix(_JSON).split("."))


def pack_options(
    *,
    layout: str | None,
    image: str | None,
    label: str | None,
    keys: str | None,
    classes: Classes | None,
    keep: Iterable[str] | PathLike | None,
    index: str,
    index_dir: PathLike | None,
) -> PackOptions:
    """Check what a user gave. Raises ``BadArgument`` that names the option."""
    if layout is not None:
        require_choice("layout", layout, LAYOUTS)
    if keys is not None:
        require_choice("keys", keys, ("first_dot", "last_dot"))
    require_choice("index", index, ("auto", "memory", "ignore"))
    kept, place = _kept(keep)
    return PackOptions(
        layout=layout,
        image=_fields("image", image),
        label=_label(label),
        keys=keys,
        classes=None if classes is None else tuple(as_class_to_idx(classes).items()),
        keep=kept,
        keep_place=place,
        index=index,
        index_dir=None if index_dir is None else os.path.abspath(os.fspath(index_dir)),
    )


def _fields(name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, str):
        kind = type(value).__name__
        raise BadArgument(f"{name} is a {kind}, wanted the name of a field such as 'input.jpg'")
    fields = tuple(part.strip().lstrip(".").lower() for part in value.split(";"))
    if not all(fields):
        raise BadArgument(f"{name} = {value!r}, wanted the name of a field such as 'input.jpg'")
    return fields


def _label(value: Any) -> str | None:
    if value is None or value == "none":
        return value  # type: ignore[no-any-return]
    is_json = isinstance(value, str) and value.startswith(_JSON)
    names = value.removeprefix(_JSON).split(".") if is_json else _fields("label", value)
    if not all(names) or (len(names) != 1 and not is_json):
        raise BadArgument(
            f"label = {value!r}, wanted a field ('cls', 'txt'), 'json:NAME' or 'none'"
        )
    return value if is_json else names[0]


def _kept(keep: Any) -> tuple[tuple[str, ...] | None, str]:
    if keep is None:
        return None, "keep="
    if isinstance(keep, str | os.PathLike):
        return tuple(read_keep_list(keep)), repr(os.fspath(keep))
    try:
        keys = tuple(keep)
    except TypeError as error:
        kind = type(keep).__name__
        raise BadArgument(f"keep is a {kind}, wanted a list of keys or a file of them") from error
    for key in keys:
        if not isinstance(key, str):
            raise BadArgument(f"keep holds a {type(key).__name__}, wanted keys (text)")
    return tuple(map(str, keys)), "keep="
