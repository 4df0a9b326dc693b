"""The index of earlier collections: a file of codes that a run compares with, and adds to.

Of images whose codes mean nothing the file holds the SHA-256 of their bytes, as they are compared
by bytes alone: a code that no image's hash comes near by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fastpass.curate.dedup.collection import Collection
from fastpass.curate.dedup.options import KINDS, DedupOptions
from fastpass.curate.search import CodeFile
from fastpass.curate.search.code_file import UPRIGHT
from fastpass.errors import ConfigError

# What a file is taken for that was written before kinds were recorded.
_UNRECORDED = {32: "pdq", 8: "phash"}


@dataclass(frozen=True)
class Known:
    """The file, and which of its codes count: the first ``size``, but for those that earlier runs
    over the same folder have added (``own``: begins and ends)."""

    file: CodeFile
    options: DedupOptions
    size: int
    own: tuple[tuple[int, int], ...]

    def query(
        self, codes: npt.NDArray[np.uint8], radius: int, threads: int
    ) -> npt.NDArray[np.int64]:
        """The rows of ``codes`` that are known."""
        if len(codes) == 0 or self.size == 0:
            return np.empty(0, dtype=np.int64)
        found = self.file.query(codes, radius, threads=threads)
        counts = found.second < self.size
        for begin, end in self.own:
            counts &= (found.second < begin) | (found.second >= end)
        return np.unique(found.first[counts])

    def codes_of(self, own: Collection, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """What the file holds, or would hold, of these images."""
        codes = own.codes[self.options.kind][rows]
        is_flat = ~own.is_compared[rows]
        codes[is_flat] = own.sha256[rows][is_flat][:, : codes.shape[1]]
        return np.asarray(codes)

    def new_codes(self, own: Collection, kept: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Of the rows that are kept; but for codes that an earlier run over this folder added."""
        codes = self.codes_of(own, kept)
        there = {code.tobytes() for begin, end in self.own for code in self.file.codes()[begin:end]}
        return codes[[code.tobytes() not in there for code in codes]]

    def add(self, codes: npt.NDArray[np.uint8], output: Path) -> None:
        """Once, however often the run is repeated. Raises ConfigError."""
        if len(self.file) == self.size:
            self.file.append(codes, kind=self.options.code_kind)
        elif not np.array_equal(self.file.codes()[self.size : self.size + len(codes)], codes):
            raise ConfigError(
                f"{self.file.path} was changed by another run since this one began: what is kept "
                f"was not added to it. Run again with --rehash, or remove {output} and start again"
            )


def open_index(index: Path, options: DedupOptions, said_kind: str | None) -> CodeFile:
    """The file, made where there is none. ``said_kind``: what a file without a kind holds.

    Raises ConfigError for codes of another kind: hashes of two kinds have nothing in common.
    """
    if not index.exists():
        return CodeFile.create(index, options.num_bytes, kind=options.code_kind)
    file = CodeFile(index)
    kind = file.kind or said_kind or _UNRECORDED.get(file.code_bytes, "")
    if file.code_bytes * 8 != KINDS.get(kind.removesuffix(UPRIGHT)):
        raise ConfigError(f"{index} holds codes of {8 * file.code_bytes} bits, not of {kind!r}")
    if kind != options.code_kind:
        raise ConfigError(
            f"{index} holds codes of {_described(kind)}, this run compares "
            f"{_described(options.code_kind)}: {_advice(file, kind, options)}"
        )
    return file


def _described(code_kind: str) -> str:
    kind = code_kind.removesuffix(UPRIGHT)
    return kind if kind == code_kind else f"{kind} of images turned upright"


def _advice(file: CodeFile, kind: str, options: DedupOptions) -> str:
    hash_kind = kind.removesuffix(UPRIGHT)
    if hash_kind == options.kind:
        other = "ignore" if options.orientation == "apply" else "apply"
        return f"choose another index, or --orientation {other}"
    if file.kind:
        return f"choose another index, or --kind {hash_kind}"
    return (
        f"it was written before kinds were recorded, and is taken for {kind}; if it holds "
        f"{options.kind}, say so once with --index-kind {options.kind}"
    )
