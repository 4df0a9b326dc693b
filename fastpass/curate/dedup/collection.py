"""The images of a source, as they are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.tables import Columns
from fastpass.curate.search import Merged, first_equal

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Collection:
    """The images of a source as they are compared: those that are the same to a run as one node.

    The same are images with equal codes, or, where codes mean nothing (``is_compared`` is False),
    with equal bytes. So a million copies of one placeholder cost as much as one.
    """

    merged: Merged  # of all images
    codes: dict[str, Codes]  # of all images: of the kind and of its turned forms
    sha256: Codes  # of all images
    is_readable: npt.NDArray[np.bool_]  # of all images
    is_compared: npt.NDArray[np.bool_]  # of all images

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """The first image of every node that has a code."""
        firsts = self.merged.firsts
        return np.asarray(firsts[self.is_compared[firsts]])

    @property
    def flat_rows(self) -> npt.NDArray[np.int64]:
        """The first image of every node that is compared by its bytes."""
        firsts = self.merged.firsts
        return np.asarray(firsts[(self.is_readable & ~self.is_compared)[firsts]])


def collection_of(images: Columns, options: DedupOptions) -> Collection:
    is_readable = np.array([error == "" for error in images["error"]], dtype=bool)
    is_compared = is_readable.copy()
    if options.has_quality:
        is_compared &= images["quality"] >= options.min_quality
    codes = {kind: images[kind] for kind in options.hash_kinds if kind != "sha256"}
    what = np.zeros((len(is_readable), max(32, sum(c.shape[1] for c in codes.values())) + 8), "u1")
    what[is_compared, -8] = 1
    all_codes = np.concatenate([*codes.values()], axis=1)
    what[is_compared, : all_codes.shape[1]] = all_codes[is_compared]
    is_flat = is_readable & ~is_compared
    what[is_flat, -8] = 2
    what[is_flat, :32] = images["sha256"][is_flat]
    what[~is_readable, -8] = 3  # like no other one
    what[~is_readable, :8] = np.flatnonzero(~is_readable).astype("<i8")[:, None].view("u1")
    return Collection(Merged(first_equal(what)), codes, images["sha256"], is_readable, is_compared)
