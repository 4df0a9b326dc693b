"""What a run finds: which images are kept, and which are duplicates of which."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fastpass.curate.dedup.collection import Collection
from fastpass.curate.dedup.matching import Matches, all_pairs
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.tables import Columns
from fastpass.curate.search import Pairs, diameters, keep_ranks

STATUSES = ("kept", "duplicate", "in_against", "in_index", "unreadable")


@dataclass(frozen=True)
class DedupResult:
    """What a run found; the same stands in the files of its output folder."""

    images: Columns  # of hashes.parquet: a row per image, in the order of the source
    status: npt.NDArray[np.str_]  # of each image: one of STATUSES
    kept: npt.NDArray[np.int64]  # of each: the row of the image it duplicates, or its own
    pairs: Matches  # of images with one code each further one with the first, not all with all
    group_size: npt.NDArray[np.int64]
    group_diameter: npt.NDArray[np.int64]  # bits
    against: Matches | None  # with the rows of the other collection
    options: DedupOptions
    skipped_files: dict[str, int] = field(default_factory=dict)  # of the source, by reason

    def count(self, status: str) -> int:
        return int((self.status == status).sum())


def settle(
    images: Columns,
    own: Collection,
    near: Matches,
    *,
    against: Matches | None,
    is_known: npt.NDArray[np.bool_] | None,
    options: DedupOptions,
) -> DedupResult:
    """``near``: pairs of the first images of nodes. ``against``: matches of all images."""
    size = len(images["key"])
    status = np.where(own.is_readable, "kept", "unreadable").astype("<U10")
    if is_known is not None:
        status[is_known] = "in_index"
    if against is not None:
        status[against.first] = "in_against"
    is_left = status == "kept"
    among = is_left[near.first] & is_left[near.second]
    pairs = Pairs(near.first[among], near.second[among], near.distance[among])
    # Images of one node share their fate, so that those of a node are left, or none is.
    groups = own.merged.cluster(pairs, method=options.method, ranks=_ranks(images, options))
    kept = np.where(is_left, groups, np.arange(size))
    status[is_left & (kept != np.arange(size))] = "duplicate"
    return DedupResult(
        images=images,
        status=status,
        kept=kept,
        pairs=all_pairs(near, own),
        group_size=np.bincount(kept, minlength=size)[kept],
        group_diameter=_diameters(images[options.kind], own, kept, options),
        against=against,
        options=options,
    )


def _ranks(images: Columns, options: DedupOptions) -> npt.NDArray[np.int64]:
    columns = {
        "pixels": images["height"].astype(np.int64) * images["width"],
        **{
            name: np.asarray(images[name])
            for name in ("quality", "bytes", "key", "licence", "date")
        },
    }
    return keep_ranks(columns, options.keep)


def _diameters(
    codes: npt.NDArray[np.uint8],
    own: Collection,
    kept: npt.NDArray[np.int64],
    options: DedupOptions,
) -> npt.NDArray[np.int64]:
    """Of every image's group, in bits: that of its nodes."""
    merged = own.merged
    labels = merged.node_of[kept[merged.firsts]]
    found = diameters(codes[merged.firsts], labels, threads=options.threads)
    return np.asarray(found[merged.node_of])
