"""The tables of a run, and the list of what is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastpass.common.files import write_file
from fastpass.curate.dedup.matching import TRANSFORM_NAMES
from fastpass.curate.dedup.places import Places
from fastpass.curate.dedup.result import DedupResult
from fastpass.curate.dedup.tables import Columns, write_table
from fastpass.curate.search import diameters

_ROWS_AT_ONCE = 1 << 16


def write_outputs(places: Places, result: DedupResult, others: Columns | None) -> None:
    keys = result.images["key"]
    write_table(places.output / "hashes.parquet", result.images)
    pairs = result.pairs
    write_table(
        places.output / "pairs.parquet",
        {
            "first": [keys[i] for i in pairs.first],
            "second": [keys[i] for i in pairs.second],
            "distance": pairs.distance,
            "transform": [TRANSFORM_NAMES[int(t)] for t in pairs.transform],
        },
    )
    kind = result.options.kind
    write_table(
        places.output / "clusters.parquet",
        {
            "key": keys,
            "status": result.status.tolist(),
            "kept_key": [keys[i] for i in result.kept],
            "distance": _distances(result.images[kind], result.kept),
            "group_size": result.group_size,
            "group_diameter": diameters(
                result.images[kind], result.kept, threads=result.options.threads
            ),
        },
    )
    if result.against is not None and others is not None:
        found = result.against
        write_table(
            places.output / "against.parquet",
            {
                "key": [keys[i] for i in found.first],
                "against_key": [others["key"][i] for i in found.second],
                "distance": found.distance,
                "transform": [TRANSFORM_NAMES[int(t)] for t in found.transform],
            },
        )
    kept = [key for key, status in zip(keys, result.status, strict=True) if status == "kept"]
    write_file(places.output / "keep.txt", "".join(f"{key}\n" for key in kept))


def _distances(codes: npt.NDArray[np.uint8], kept: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Bits between each image's code and that of the image that is kept in its place."""
    distances = np.empty(len(codes), dtype=np.int32)
    for begin in range(0, len(codes), _ROWS_AT_ONCE):
        chosen = slice(begin, begin + _ROWS_AT_ONCE)
        different = codes[chosen] ^ codes[kept[chosen]]
        distances[chosen] = np.unpackbits(different, axis=1).sum(axis=1)
    return distances
