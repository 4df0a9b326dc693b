"""Filter a whole source: measure it, ask the filters, and write down which images are kept."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fastpass.common.files import write_file
from fastpass.common.filled_folder import filled_folder
from fastpass.common.names import shown_name
from fastpass.common.outputs import PathLike, mark_of, refuse_below
from fastpass.common.progress import OnProgress, no_progress
from fastpass.curate.check.run import kind_of
from fastpass.curate.dedup.tables import name_bytes, require_arrow, write_table
from fastpass.curate.filter.image_filter import ImageFilter, Param
from fastpass.curate.filter.statistics import COLUMNS, ImageStatistics, image_statistics
from fastpass.errors import BadArgument
from fastpass.pack import Pack, keep_list_bytes
from fastpass.pack.sources import Source


@dataclass(frozen=True)
class FilterResult:
    """What the filters said; rows are in the order of the source.

    dropped_by: of each image the name of the first filter that said no, what is wrong with a
    damaged one, or "" for an image that is kept. dropped: how many, by the names of the filters.
    """

    statistics: ImageStatistics
    dropped_by: list[str]
    dropped: dict[str, int]

    @property
    def kept_keys(self) -> list[str]:
        """For ``keep=`` and ``--keep-list``."""
        keys = self.statistics.sample_keys
        return [key for key, why in zip(keys, self.dropped_by, strict=True) if not why]

    @property
    def counts(self) -> dict[str, int]:
        """How many images there are, are kept, were dropped by filters, and cannot be used."""
        unusable, dropped = len(self.statistics.errors), sum(self.dropped.values())
        total = len(self.dropped_by)
        kept = total - unusable - dropped
        return {"images": total, "kept": kept, "dropped": dropped, "unusable": unusable}


def filter_images(
    source: Source,
    output: PathLike,
    filters: Mapping[str, ImageFilter],
    *,
    threads: int | None = None,
    force: bool = False,
    on_progress: OnProgress = no_progress,
    **reading: Any,
) -> FilterResult:
    """Ask every image of ``source``, and write keep.txt, filter.parquet and filter.json.

    Args:
        source: whatever ``Pack`` takes.
        output: a folder, which is filled with all three files or stays as it was.
        filters: by the names that stand in the files; an image is kept if all of them say so. Only
            the columns that they name are measured.
        threads: default: every processor this process may use.
        force: replace what fastpass wrote into ``output`` before.
        reading: options of ``Pack``: layout, image, keep, ...

    Raises WouldOverwrite, and what ``image_statistics`` and ``ImageFilter.apply`` raise.
    """
    if not filters:
        raise BadArgument("filters is empty, wanted at least one")
    require_arrow()
    for used in filters.values():
        used.prepare()  # what is wrong with it is said before the work begins
    wanted = {name for used in filters.values() for name in used.columns}
    columns = [name for name in COLUMNS if name in wanted]
    with Pack(source, **reading) as pack:
        refuse_below(output, pack.paths)
        with filled_folder(output, force=force) as folder:
            found = image_statistics(pack, threads, columns, on_progress=on_progress)
            result = _asked(found, filters)
            _write(folder, result, filters, [shown_name(str(path)) for path in pack.paths])
    return result


def _asked(found: ImageStatistics, filters: Mapping[str, ImageFilter]) -> FilterResult:
    dropped_by = [""] * len(found.sample_keys)
    for row, error in found.errors.items():
        dropped_by[row] = f"{kind_of(error)}: {type(error).__name__}: {error}"
    dropped = {}
    for name, asked in filters.items():
        answers = asked.apply(found)
        rows = [row for row in np.flatnonzero(~answers).tolist() if not dropped_by[row]]
        for row in rows:
            dropped_by[row] = name
        dropped[name] = len(rows)
    return FilterResult(found, dropped_by, dropped)


def _write(
    folder: Path, result: FilterResult, filters: Mapping[str, ImageFilter], sources: list[str]
) -> None:
    keys = result.statistics.sample_keys
    zero_bytes = any("\n" in key for key in keys)
    write_file(folder / "keep.txt", keep_list_bytes(result.kept_keys, zero_bytes=zero_bytes))
    write_table(
        folder / "filter.parquet",
        {
            "key": keys,
            **result.statistics,
            "dropped_by": result.dropped_by,
            "key_bytes": np.array(name_bytes(keys), object),
        },
    )
    record = {
        "written_by": mark_of("filter"),
        "sources": sources,
        "counts": result.counts,
        "filters": [
            {
                "name": name,
                "function": used.name,
                "source": used.source,
                "params": {key: _as_json(value) for key, value in used.params},
                "columns": list(used.columns),
                "python": used.python,
                "dropped": result.dropped[name],
            }
            for name, used in filters.items()
        ],
    }
    write_file(folder / "filter.json", json.dumps(record, indent=1) + "\n")


def _as_json(value: Param) -> Param | str:
    is_odd = isinstance(value, float) and not math.isfinite(value)  # JSON has no infinity
    return str(value) if is_odd else value
