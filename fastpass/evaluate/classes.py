"""The classes of two sets of images, matched by name: their numbers mean nothing to each other."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from fastpass.errors import BadPack

_MOST_SHOWN = 5  # names in a message


def label_table(
    labels: Tensor,
    class_names: Sequence[str] | None,
    query_labels: Tensor,
    query_class_names: Sequence[str] | None,
) -> dict[int, int]:
    """From a label of the queries to that of the same class among the training images.

    Args:
        labels: int64 [N], of the training images; ``query_labels`` [Q] likewise.
        class_names: the name of every label, or None where labels are bare numbers; a number's
            name is its digits. Classes without an image do not count.

    Returns:
        {label of a query: the label of its class among the training images}. These may have more
        classes than the queries.

    Raises:
        BadPack: images without a label, a name that two classes share, or queries of a class that
        no training image has, which could only be wrong.
    """
    number_of: dict[str, int] = {}
    for number in _present(labels, "training"):
        name = _name_of(number, class_names)
        if number_of.setdefault(name, number) != number:
            raise BadPack(f"two classes of the training images are called {name!r}")
    names = {n: _name_of(n, query_class_names) for n in _present(query_labels, "validation")}
    unknown = [name for name in names.values() if name not in number_of]
    if unknown:
        raise BadPack(
            f"the validation images have {_shown(unknown)}, which no training image has: these "
            f"have {_shown([*number_of])}. Classes are matched by name (the folder's, or the "
            "number in a tar); leave these images out, or give training images of their classes"
        )
    return {number: number_of[name] for number, name in names.items()}


def _present(labels: Tensor, which: str) -> list[int]:
    num_missing = int((labels < 0).sum())
    if num_missing:
        raise BadPack(
            f"{num_missing} of {len(labels)} {which} images have no label: give one folder per "
            "class, or tars with labels"
        )
    return sorted(set(labels.tolist()))


def _name_of(number: int, class_names: Sequence[str] | None) -> str:
    return (class_names[number] if class_names is not None else "") or str(number)


def _shown(names: Sequence[str]) -> str:
    some = ", ".join(repr(name) for name in names[:_MOST_SHOWN])
    more = f", and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return f"{'class' if len(names) == 1 else 'classes'} {some}{more}"
