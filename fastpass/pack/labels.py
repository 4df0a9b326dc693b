"""The labels of samples: from fields, folders or metadata, with the names behind them."""

from __future__ import annotations

import functools
import itertools
import json
import logging
import os
from typing import Any

import numpy as np

from fastpass.common.checks import shown
from fastpass.errors import BadPack
from fastpass.pack.beton_format import read_class_names
from fastpass.pack.classes import (
    CLASSES_FILE,
    ClassToIdx,
    Labels,
    names_by_label,
    read_classes,
    relabel,
)
from fastpass.pack.found import LAYOUT_NAMES
from fastpass.pack.options import PackOptions

_log = logging.getLogger("fastpass")
_SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"}


def settle_labels(native: Any, paths: list[str], options: PackOptions) -> ClassToIdx | None:
    """Give the samples their labels; returns the names behind them."""
    place = paths[0] + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
    names, labels, class_to_idx = _found_labels(native, paths, options)
    if options.classes is not None:
        given = dict(options.classes)
        if names is not None:
            native.set_labels(relabel(labels, names, given, place))
        elif not set(np.unique(labels).tolist()) <= {-1, *given.values()}:
            strange = min(set(np.unique(labels).tolist()) - {-1, *given.values()})
            raise BadPack(f"{place}: the label {strange} is none of those in classes=")
        return given
    if class_to_idx is not None or options.label_in_json is not None:
        native.set_labels(labels)
    return class_to_idx


def _found_labels(
    native: Any, paths: list[str], options: PackOptions
) -> tuple[list[str] | None, Labels, ClassToIdx | None]:
    """The names of labels (None: bare numbers), labels, and the names with their labels."""
    if options.label_in_json is not None:
        names, labels = _json_labels(native, options.label_in_json)
        return names, labels, None if names is None else _numbered(names)
    labels = native.labels()
    if options.label_field and not (labels >= 0).any():
        raise BadPack(
            f"no sample of {shown(paths[0])} has a field {shown(options.label_field)} for its label"
        )
    stored = native.class_names()
    if stored is None:
        labels, class_to_idx = _classes_of_numbers(native, paths, labels)
        names = None if class_to_idx is None else names_by_label(class_to_idx)
        return names, labels, class_to_idx
    names = [name.decode("utf-8", "surrogateescape") for name in stored]
    class_to_idx = _numbered(sorted(names))  # as torchvision sorts them
    return sorted(names), relabel(labels, names, class_to_idx, "", has_all=True), class_to_idx


def _classes_of_numbers(
    native: Any, paths: list[str], labels: Labels
) -> tuple[Labels, ClassToIdx | None]:
    """The names of numbered labels: in a .beton, else from the ``classes.json`` beside each file.

    Where the files of several folders differ, classes are told apart by name and numbered anew.
    Raises ``BadPack`` where only some shards have names, or where a label has none.
    """
    read_beside = functools.cache(read_classes)
    own = [slice(begin, end) for begin, end in itertools.pairwise(native.shard_begins())]
    named: dict[int, ClassToIdx | None] = {}
    for i, path in enumerate(paths):
        if (labels[own[i]] >= 0).any():
            is_beton = LAYOUT_NAMES[native.describe_shard(i)["layout"]] == "beton"
            inside = read_class_names(path) if is_beton else None
            named[i] = read_beside(_classes_file(path)) if inside is None else inside
    every = [names for names in named.values() if names is not None]
    if not every:
        return labels, None
    for i, names in named.items():
        _check_named(paths[i], names, labels[own[i]])
    if all(names == every[0] for names in every):
        return labels, every[0]
    union = _numbered(sorted({name for names in every for name in names}))
    labels = labels.copy()
    for i, names in named.items():
        assert names is not None
        labels[own[i]] = relabel(labels[own[i]], names_by_label(names), union, paths[i])
    return labels, union


def _classes_file(path: str) -> str:
    folder = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
    return os.path.join(folder, CLASSES_FILE)


def _check_named(path: str, names: ClassToIdx | None, labels: Labels) -> None:
    if names is None:
        raise BadPack(
            f"{path!r} has numbered labels without names, and other files have names for theirs "
            f"({CLASSES_FILE} beside the file): give classes="
        )
    strange = set(np.unique(labels).tolist()) - {-1, *names.values()}
    if strange:
        raise BadPack(
            f"{path!r} has the label {min(strange)}, which has no name in it, or in the "
            f"{CLASSES_FILE} beside it"
        )


def _numbered(names: list[str]) -> ClassToIdx:
    return {name: label for label, name in enumerate(names)}


def _json_labels(native: Any, path: tuple[str, ...]) -> tuple[list[str] | None, Labels]:
    """Whole numbers are labels, texts are names of classes."""
    values = [_json_value(native, i, path) for i in range(len(native))]
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        raise BadPack(f"no sample has the label {'.'.join(path)!r} in its metadata")
    if kinds == {int}:
        return None, np.array([-1 if v is None else v for v in values], dtype=np.int64)
    if kinds != {str}:
        raise BadPack(
            f"label {'.'.join(path)!r} in the metadata: some are numbers and some are texts"
        )
    texts = [None if value is None else str(value) for value in values]
    names = sorted({text for text in texts if text is not None})
    label_of = _numbered(names)
    return names, np.array([-1 if t is None else label_of[t] for t in texts], dtype=np.int64)


def _json_value(native: Any, position: int, path: tuple[str, ...]) -> int | str | None:
    text = memoryview(native.fetch_metadata(position))
    if not text:
        return None
    place = native.describe(position)
    try:
        value = json.loads(bytes(text))
    except (ValueError, RecursionError) as error:
        raise BadPack(f"{place}: the metadata are no JSON: {error}") from error
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return None
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53
    if not is_number and not isinstance(value, str):
        raise BadPack(
            f"{place}: the label {'.'.join(path)!r} in the metadata is {str(value)[:50]!r}, wanted "
            "a whole number from 0 or a text"
        )
    return value  # type: ignore[no-any-return]


def warn_of_odd_classes(place: str, class_to_idx: ClassToIdx, labels: Labels) -> None:
    """Log the classes without images, and classes that look like the parts of a data set."""
    counts = np.bincount(labels[labels >= 0], minlength=max(class_to_idx.values()) + 1)
    empty = [name for name, label in class_to_idx.items() if counts[label] == 0]
    if empty:
        some = ", ".join(map(repr, empty[:10])) + (", ..." if len(empty) > 10 else "")
        _log.warning(
            "%s: %d of %d classes %s no image: %s",
            *(place, len(empty), len(class_to_idx), "has" if len(empty) == 1 else "have", some),
        )
    if len(class_to_idx) > 1 and {name.lower() for name in class_to_idx} <= _SPLITS:
        _log.warning(
            "%s: its classes are called %s; give one of these folders to have the classes in it",
            place,
            ", ".join(map(repr, class_to_idx)),
        )
