"""The codes of earlier collections: a file that a run compares with, and adds to."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fastpass.curate.dedup.matching import Collection
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.places import Places
from fastpass.curate.dedup.result import DedupResult
from fastpass.curate.search import CodeFile
from fastpass.errors import ConfigError


def open_index(index: str | Path | None, options: DedupOptions) -> CodeFile | None:
    if index is None:
        return None
    path = Path(index)
    file = CodeFile(path) if path.exists() else CodeFile.create(path, options.num_bytes)
    if file.code_bytes != options.num_bytes:
        raise ConfigError(
            f"{path} holds codes of {8 * file.code_bytes} bits, {options.kind} has "
            f"{8 * options.num_bytes}"
        )
    return file


def add_kept(
    known: CodeFile, size_before: int, own: Collection, result: DedupResult, places: Places
) -> None:
    """Once, however often the run is repeated."""
    chosen = result.status[own.rows] == "kept"
    codes = own.codes[result.options.kind][chosen]
    if len(known) == size_before:
        known.append(codes)
    elif not np.array_equal(known.codes()[size_before : size_before + len(codes)], codes):
        raise ConfigError(
            f"{known.path} was changed by another run since this one began: what is kept was not "
            f"added to it. Remove {places.output} and start again"
        )
