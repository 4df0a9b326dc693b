"""What a run finds: which images are kept, and which are duplicates of which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastpass.curate.dedup.matching import Matches
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.tables import Columns
from fastpass.curate.search import Pairs, cluster, keep_ranks

STATUSES = ("kept", "duplicate", "in_against", "in_index", "unreadable")


@dataclass(frozen=True)
class DedupResult:
    """What a run found; the same stands in the files of its output folder."""

    images: Columns  # of hashes.parquet: a row per image, in the order of the source
    status: npt.NDArray[np.str_]  # of each image: one of STATUSES
    kept: npt.NDArray[np.int64]  # of each: the row of the image it duplicates, or its own
    pairs: Matches
    group_size: npt.NDArray[np.int64]
    against: Matches | None  # with the rows of the other collection
    options: DedupOptions

    def count(self, status: str) -> int:
        return int((self.status == status).sum())


def settle(
    images: Columns,
    pairs: Matches,
    against: Matches | None,
    index: Matches | None,
    options: DedupOptions,
) -> DedupResult:
    size = len(images["key"])
    status = np.full(size, "kept", dtype="<U10")
    status[[error != "" for error in images["error"]]] = "unreadable"
    if index is not None:
        status[index.first] = "in_index"
    if against is not None:
        status[against.first] = "in_against"
    is_left = status == "kept"
    among = is_left[pairs.first] & is_left[pairs.second]
    near = Pairs(pairs.first[among], pairs.second[among], pairs.distance[among])
    columns = {
        "pixels": images["height"].astype(np.int64) * images["width"],
        **{
            name: np.asarray(images[name])
            for name in ("quality", "bytes", "key", "licence", "date")
        },
    }
    ranks = keep_ranks(columns, options.keep)
    kept = cluster(size, near, method=options.method, ranks=ranks)
    status[is_left & (kept != np.arange(size))] = "duplicate"
    counts = np.bincount(kept, minlength=size)
    return DedupResult(
        images=images,
        status=status,
        kept=kept,
        pairs=pairs,
        group_size=counts[kept],
        against=against,
        options=options,
    )
