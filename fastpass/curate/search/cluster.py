"""From pairs of near duplicates to groups, and which member of each is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_choice, require_integer
from fastpass.common.processors import available_processors
from fastpass.curate.search.codes import code_words
from fastpass.curate.search.pairs import Pairs, item_columns, items_of
from fastpass.errors import BadArgument

Labels = npt.NDArray[np.int64]
Method = Literal["star", "components"]


class Components:
    """Groups of whatever chains of pairs connect, from pairs that come piece by piece.

    Memory: 4 bytes per item, whatever the number of pairs.
    """

    def __init__(self, size: int) -> None:
        size = require_integer("size", size, 0, 2**32 - 2)
        self._size = size
        self._sets = core.UnionFind(size)

    def add(self, pairs: Pairs) -> None:
        """Raises BadArgument for pairs that are none of these items."""
        self._sets.join(*item_columns(pairs, self._size))

    def labels(self) -> Labels:
        """int64 ``[size]``: the smallest item of each item's group."""
        return np.asarray(self._sets.labels())


def cluster(
    size: int,
    pairs: Pairs,
    *,
    method: Method = "star",
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
    size = require_integer("size", size, 0, 2**32 - 2)
    require_choice("method", method, ("star", "components"))
    first, second = item_columns(pairs, size)
    order = _order(size, ranks)
    if method == "star":
        return np.asarray(core.star_clusters(order.astype(np.uint32), first, second))
    components = Components(size)
    components.add(pairs)
    labels = components.labels()
    # The best member stands for its group.
    best = np.full(size, size, dtype=np.int64)
    np.minimum.at(best, labels, order)
    by_rank = np.argsort(order)
    return np.asarray(by_rank[best[labels]])


def _order(size: int, ranks: npt.ArrayLike | None) -> Labels:
    """``ranks``, checked; the items' own order where they are None."""
    if ranks is None:
        return np.arange(size, dtype=np.int64)
    order = np.asarray(ranks)
    is_whole = order.dtype.kind in "iu" or len(order) == 0 if order.ndim == 1 else False
    if not is_whole or not np.array_equal(np.sort(order), np.arange(size)):
        raise BadArgument(f"ranks: wanted a permutation of 0 to {size - 1}, as integers")
    return order.astype(np.int64)


class Merged:
    """Items that are equal, taken as one node each.

    Args:
        first_of: int64 ``[size]``, of each item the first one that is equal to it.
    """

    def __init__(self, first_of: Labels) -> None:
        self.first_of = first_of
        self.firsts, self.node_of = np.unique(first_of, return_inverse=True)  # [node]; [item]

    def __len__(self) -> int:
        return len(self.firsts)

    def best(self, order: Labels) -> Labels:
        """Of each node the item of the lowest rank."""
        by_rank = np.argsort(order)
        place = np.full(len(self), len(order), dtype=np.int64)
        np.minimum.at(place, self.node_of, order)
        return np.asarray(by_rank[place])

    def cluster(
        self, pairs: Pairs, *, method: Method = "star", ranks: npt.ArrayLike | None = None
    ) -> Labels:
        """What ``cluster`` gives for all items where ``pairs`` are those of ``first_of`` alone.

        A kept item takes all items that are equal to it, and of a node that it is paired with all
        members: so nodes are kept and taken whole, each by its best member.
        """
        order = _order(len(self.first_of), ranks)
        best = self.best(order)
        node_ranks = np.empty(len(self), dtype=np.int64)
        node_ranks[np.argsort(order[best])] = np.arange(len(self))
        nodes = Pairs(
            np.searchsorted(self.firsts, pairs.first),
            np.searchsorted(self.firsts, pairs.second),
            pairs.distance,
        )
        kept = cluster(len(self), nodes, method=method, ranks=node_ranks)
        return np.asarray(best[kept[self.node_of]])


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
    sizes = {name: len(np.asarray(values)) for name, values in columns.items()}
    size = next(iter(sizes.values()))
    if set(sizes.values()) != {size}:
        raise BadArgument(f"columns of different lengths: {sizes}")
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
    column = items_of("labels", labels, 2**32 - 1)
    if len(column) != len(words):
        raise BadArgument(f"{len(column)} labels for {len(words)} codes")
    num_threads = available_processors() if threads is None else threads
    num_threads = require_integer("threads", num_threads, 1, 1024)
    return np.asarray(core.cluster_diameters(words, column, num_threads))
