"""Names of classes and the labels they stand for."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.errors import BadArgument, BadPack

ClassToIdx = dict[str, int]
Labels = npt.NDArray[np.int64]
CLASSES_FILE = "classes.json"  # beside tars: the names of their labels
_MAX_BYTES = 1 << 26


def as_class_to_idx(classes: Any) -> ClassToIdx:
    """The label of each name, from a list of names, a dict, a ``classes.json`` or a ``Pack``.

    Raises ``BadArgument``.
    """
    if hasattr(classes, "class_to_idx"):
        if classes.class_to_idx is None:
            raise BadArgument("classes: this Pack has no class names")
        return dict(classes.class_to_idx)
    if isinstance(classes, str | os.PathLike):
        found = read_classes(os.fspath(classes))
        if found is None:
            raise BadArgument(f"classes: there is no file {os.fspath(classes)!r}")
        return found
    if not isinstance(classes, Mapping):
        try:
            names = list(classes)
        except TypeError as error:
            kind = type(classes).__name__
            raise BadArgument(
                f"classes is a {kind}, wanted a list of names, a dict or a Pack"
            ) from error
        classes = {name: label for label, name in enumerate(names)}
        if len(classes) < len(names):
            raise BadArgument("classes: a name occurs twice in the list")
    return checked_classes(classes, "classes")


def checked_classes(classes: Mapping[Any, Any], place: str) -> ClassToIdx:
    """The labels of names, in their order. Raises ``BadArgument`` that begins with ``place``."""
    checked: ClassToIdx = {}
    for name, label in classes.items():
        if not isinstance(name, str):
            raise BadArgument(f"{place}: {name!r} is a {type(name).__name__}, wanted a name")
        try:
            if isinstance(label, bool | np.bool_):
                raise TypeError
            checked[str(name)] = operator.index(label)
        except TypeError as error:
            raise BadArgument(
                f"{place}: the label of {name!r} is {label!r}, wanted a whole number"
            ) from error
        if not 0 <= checked[name] < 1 << 53:
            raise BadArgument(f"{place}: the label of {name!r} is {label}, wanted 0 or more")
    if len(set(checked.values())) < len(checked):
        raise BadArgument(f"{place}: two names have the same label")
    if not checked:
        raise BadArgument(f"{place}: no names")
    return dict(sorted(checked.items(), key=lambda item: item[1]))


def read_classes(path: str) -> ClassToIdx | None:
    """The names in a ``classes.json``; None where there is no such file. Raises ``BadPack``."""
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadPack(f"cannot read {path!r}: {error.strerror}") from error
    try:
        found = json.loads(content)
        if not isinstance(found, dict):
            raise BadArgument(f"{path!r} is no JSON object")
        return checked_classes(found, repr(path))
    except (ValueError, RecursionError) as error:
        raise BadPack(
            f"{path!r} does not hold the names of classes, an object from name to label: {error}"
        ) from error


def classes_json(class_to_idx: ClassToIdx) -> str:
    """The content of a ``classes.json``; names that are not UTF-8 survive in it."""
    return json.dumps(class_to_idx, indent=1) + "\n"


def names_by_label(class_to_idx: ClassToIdx) -> list[str]:
    """The names in the order of their labels; "" for a label without a name."""
    names = [""] * (max(class_to_idx.values()) + 1)
    for name, label in class_to_idx.items():
        names[label] = name
    return names


def relabel(
    labels: Labels, names: list[str], class_to_idx: ClassToIdx, place: str, has_all: bool = False
) -> Labels:
    """The labels that ``class_to_idx`` gives to samples whose class is ``names[label]``.

    ``has_all``: names without samples count as well. Raises ``BadPack`` for a class that is not
    in ``class_to_idx``.
    """
    used = range(len(names)) if has_all else np.unique(labels[labels >= 0]).tolist()
    table = np.full(len(names) + 1, -1, dtype=np.int64)  # the last one for samples without a label
    for label in used:
        if names[label] not in class_to_idx:
            known = ", ".join(map(repr, list(class_to_idx)[:5]))
            more = f", ... ({len(class_to_idx)} in all)" if len(class_to_idx) > 5 else ""
            raise BadPack(
                f"{place}: the class {names[label]!r} is not among the given classes {known}{more}"
            )
        table[label] = class_to_idx[names[label]]
    result: Labels = table[labels]
    return result
