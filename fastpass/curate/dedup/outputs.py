"""The tables of a run, and the list of what is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastpass.common.files import write_file
from fastpass.curate.dedup.matching import TRANSFORM_NAMES
from fastpass.curate.dedup.places import Places
from fastpass.curate.dedup.result import DedupResult
from fastpass.curate.dedup.tables import Columns, name_bytes, write_table
from fastpass.pack.keep_list import keep_list_bytes

_ROWS_AT_ONCE = 1 << 16
_OF_THE_RUN = ("file",)  # columns that nobody else needs


def write_outputs(places: Places, result: DedupResult, others: Columns | None) -> None:
    keys = result.images["key"]
    texts = {name: result.images[name] for name in result.images if name not in _OF_THE_RUN}
    write_table(
        places.output / "hashes.parquet", texts | {"key_bytes": np.array(name_bytes(keys), object)}
    )
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
            "group_diameter": result.group_diameter,
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
    write_keep_lists(places, result)


def write_keep_lists(places: Places, result: DedupResult) -> None:
    """keep.txt for ``Pack(keep=)``; keep-files.txt for a shell, where images are files."""
    rows = np.flatnonzero(result.status == "kept")
    keys = [result.images["key"][row] for row in rows]
    files = [result.images["file"][row] for row in rows]
    zero_bytes = result.options.null or any("\n" in name for name in (*keys, *files))
    write_file(places.output / "keep.txt", keep_list_bytes(keys, zero_bytes=zero_bytes))
    if all(files):
        write_file(places.output / "keep-files.txt", keep_list_bytes(files, zero_bytes=zero_bytes))
    else:
        (places.output / "keep-files.txt").unlink(missing_ok=True)


def _distances(codes: npt.NDArray[np.uint8], kept: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Bits between each image's code and that of the image that is kept in its place."""
    distances = np.empty(len(codes), dtype=np.int32)
    for begin in range(0, len(codes), _ROWS_AT_ONCE):
        chosen = slice(begin, begin + _ROWS_AT_ONCE)
        different = codes[chosen] ^ codes[kept[chosen]]
        distances[chosen] = np.unpackbits(different, axis=1).sum(axis=1)
    return distances
