"""The independent pieces of a run: each reads its own samples, and leaves one file behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.tables import write_table
from fastpass.curate.hashes.images import hash_images
from fastpass.curate.search import CodeFile
from fastpass.errors import BadPack, FastpassError
from fastpass.pack import Pack
from fastpass.types import Sample

_IMAGES_PER_CALL = 64


def hash_samples(source: list[str], begin: int, end: int, options: DedupOptions, path: str) -> None:
    """Hash the samples [begin, end) of ``source`` into the table ``path``."""
    kinds = options.hash_kinds
    rows: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    codes: dict[str, list[Any]] = {kind: [] for kind in kinds}
    with Pack(source) as pack:
        for first in range(begin, end, _IMAGES_PER_CALL):
            positions = range(first, min(end, first + _IMAGES_PER_CALL))
            samples, failures = _read(pack, positions)
            found = hash_images(
                [b"" if s is None else s.data for s in samples],
                kinds,
                threads=1,
                max_pixels=options.max_pixels,
            )
            quality = found.quality_fast if options.kind == "pdq_fast" else found.quality
            for i, (sample, failure) in enumerate(zip(samples, failures, strict=True)):
                error = failure or found.errors[i]
                metadata = {} if sample is None else _metadata(sample)
                rows["key"].append("" if sample is None else sample.key)
                rows["place"].append("" if sample is None else sample.place)
                rows["sample_id"].append(0 if sample is None else sample.sample_id)
                rows["bytes"].append(0 if sample is None else len(sample.data))
                rows["height"].append(int(found.height[i]))
                rows["width"].append(int(found.width[i]))
                rows["quality"].append(int(quality[i]))
                rows["licence"].append(str(metadata.get("licence", metadata.get("license", ""))))
                rows["date"].append(str(metadata.get("date_taken", metadata.get("date", ""))))
                rows["error"].append("" if error is None else f"{type(error).__name__}: {error}")
                for kind in kinds:
                    codes[kind].append(found.codes[kind][i])
    columns: dict[str, Any] = {
        name: np.array(values, dtype=_COLUMNS[name]) if _COLUMNS[name] else values
        for name, values in rows.items()
    }
    write_table(Path(path), columns | {kind: np.array(codes[kind]) for kind in kinds})


# Texts have no dtype.
_COLUMNS: dict[str, Any] = {
    "key": None,
    "place": None,
    "sample_id": np.int64,
    "bytes": np.int64,
    "height": np.int32,
    "width": np.int32,
    "quality": np.int32,
    "licence": None,
    "date": None,
    "error": None,
}


def _read(
    pack: Pack, positions: Sequence[int]
) -> tuple[list[Sample | None], list[FastpassError | None]]:
    samples: list[Sample | None] = []
    failures: list[FastpassError | None] = []
    for position in positions:
        try:
            samples.append(pack[position])
            failures.append(None)
        except FastpassError as error:
            samples.append(None)
            failures.append(error)
    return samples, failures


def _metadata(sample: Sample) -> dict[str, Any]:
    try:
        return sample.metadata
    except BadPack:
        return {}  # no reason to lose the image


def join_part(codes: str, part: tuple[int, int, int, int], radius: int, path: str) -> None:
    """The pairs of one part of a file of codes, into the table ``path``."""
    pairs = CodeFile(codes).part_pairs(part, radius, threads=1)
    write_table(
        Path(path),
        {"first": pairs.first, "second": pairs.second, "distance": pairs.distance},
    )


def match_codes(queries: str, codes: str, begin: int, end: int, radius: int, path: str) -> None:
    """Matches of the queries [begin, end) of one file in another one, into the table ``path``."""
    chosen = np.asarray(CodeFile(queries).codes()[begin:end])
    pairs = CodeFile(codes).query(chosen, radius, threads=1)
    write_table(
        Path(path),
        {"first": pairs.first + begin, "second": pairs.second, "distance": pairs.distance},
    )
