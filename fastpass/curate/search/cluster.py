"""From pairs of near duplicates to groups, and which member of each is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_choice, require_integer
from fastpass.curate.search.hamming_index import Pairs, code_words
from fastpass.errors import BadArgument

Labels = npt.NDArray[np.int64]


class Components:
    """Groups of whatever chains of pairs connect, from pairs that come piece by piece.

    Memory: 4 bytes per item, whatever the number of pairs.
    """

    def __init__(self, size: int) -> None:
        require_integer("size", size, 0, 2**32 - 2)
        self._size = size
        self._sets = core.UnionFind(size)

    def add(self, pairs: Pairs) -> None:
        """Raises BadArgument for a pair of an item that is not there."""
        _check_pairs(pairs, self._size)
        self._sets.join(pairs.first, pairs.second)

    def labels(self) -> Labels:
        """int64 ``[size]``: the smallest item of each item's group."""
        return np.asarray(self._sets.labels())


def _check_pairs(pairs: Pairs, size: int) -> None:
    for column in (pairs.first, pairs.second):
        if len(column) and not (int(np.min(column)) >= 0 and int(np.max(column)) < size):
            raise BadArgument(f"pairs name items outside of the {size} that there are")


def cluster(
    size: int,
    pairs: Pairs,
    *,
    method: Literal["star", "components"] = "star",
    ranks: npt.ArrayLike | None = None,
) -> Labels:
    """Groups of near duplicates among ``size`` items.

    Args:
        pairs: of items, as ``HammingIndex.pairs`` gives them.
        method: "star": in the order of ``ranks``, an item that is paired with no kept one is kept
            and takes its partners, so that every member is within the radius of the kept one.
            "components": whatever chains of pairs connect; the ends of a chain may differ much.
        ranks: [size], a permutation: the item of rank 0 is the best (:func:`keep_ranks`). Default:
            the items' own order.

    Returns:
        int64 ``[size]``: the kept item of each item's group, itself where it is alone or kept.

    Raises BadArgument.
    """
    require_integer("size", size, 0, 2**32 - 2)
    require_choice("method", method, ("star", "components"))
    for column in (pairs.first, pairs.second):
        if len(column) and not (int(np.min(column)) >= 0 and int(np.max(column)) < size):
            raise BadArgument(f"pairs name items outside of the {size} that there are")
    order = np.arange(size, dtype=np.int64) if ranks is None else np.asarray(ranks)
    if order.shape != (size,) or not np.array_equal(np.sort(order), np.arange(size)):
        raise BadArgument(f"ranks: wanted a permutation of 0 to {size - 1}")
    if method == "star":
        return np.asarray(core.star_clusters(order, pairs.first, pairs.second))
    components = Components(size)
    components.add(pairs)
    labels = components.labels()
    # The best member stands for its group.
    best = np.full(size, size, dtype=np.int64)
    np.minimum.at(best, labels, order)
    by_rank = np.argsort(order)
    return np.asarray(by_rank[best[labels]])


def keep_ranks(columns: Mapping[str, npt.ArrayLike], keys: Sequence[str]) -> npt.NDArray[np.int64]:
    """Ranks for ``cluster``: the best item first, by the first key, ties by the next.

    Args:
        columns: name -> one value per item (numbers or texts).
        keys: names; with a "-" in front the largest value is the best, else the smallest. Ties
            that are left go to the item that comes first.

    Raises BadArgument: a key that is no column.
    """
    if not columns:
        raise BadArgument("no columns to keep by")
    size = len(np.asarray(next(iter(columns.values()))))
    order = np.arange(size)
    for key in reversed(keys):
        name = key.removeprefix("-")
        if name not in columns:
            raise BadArgument(f"keep key {name!r}: there are {', '.join(sorted(columns))}")
        # Texts too become numbers, whose order can be turned round.
        places = np.unique(np.asarray(columns[name]), return_inverse=True)[1].reshape(-1)
        wanted = -places if key.startswith("-") else places
        order = order[np.argsort(wanted[order], kind="stable")]
    ranks = np.empty(size, dtype=np.int64)
    ranks[order] = np.arange(size)
    return ranks


def diameters(codes: npt.ArrayLike, labels: Labels, *, threads: int | None = None) -> Labels:
    """Of every item's group: the largest distance in bits between two of its members.

    codes: uint8 ``[size, bytes]``; labels: what ``cluster`` returned.
    """
    words = code_words(codes)
    if len(labels) != len(words):
        raise BadArgument(f"{len(labels)} labels for {len(words)} codes")
    num_threads = core.available_processors() if threads is None else threads
    return np.asarray(core.cluster_diameters(words, labels, num_threads))
