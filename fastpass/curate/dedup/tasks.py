"""The independent pieces of a run: each reads its own samples, and leaves one file behind."""

from __future__ import annotations

import os
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fastpass.common.names import shown_text
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.tables import write_part
from fastpass.curate.hashes.images import hash_images
from fastpass.curate.search import CodeFile
from fastpass.errors import BadPack, FastpassError, ReadFailed
from fastpass.pack import Pack
from fastpass.types import Sample

_IMAGES_PER_CALL = 64


@dataclass(frozen=True)
class PackForTasks:
    """A pack that a process opens once, however many tasks it gets: opening reads all names."""

    pickled: bytes
    fingerprint: str

    @classmethod
    def of(cls, pack: Pack) -> PackForTasks:
        """Tasks of this process use ``pack`` itself; others open it again. Raises ReadFailed."""
        made = cls(pickle.dumps(pack), pack.fingerprint_of("times"))
        _open_packs[made] = pack
        return made

    def open(self) -> Pack:
        """Raises ReadFailed where the source has changed since."""
        if self not in _open_packs:
            pack = pickle.loads(self.pickled)
            if pack.fingerprint_of("times") != self.fingerprint:
                raise ReadFailed(
                    f"{', '.join(pack.paths)} was changed while it was read: run again with "
                    "--rehash"
                )
            if len(_open_packs) > 1:  # of earlier runs, in a process that lives on
                _open_packs.clear()
            _open_packs[self] = pack
        return _open_packs[self]

    @staticmethod
    def forget_all() -> None:
        """Let go of what this process has open."""
        _open_packs.clear()


_open_packs: dict[PackForTasks, Pack] = {}


def hash_samples(
    source: PackForTasks, begin: int, end: int, options: DedupOptions, path: str
) -> None:
    """Hash the samples [begin, end) of ``source`` into the table ``path``."""
    pack = source.open()
    kinds = options.hash_kinds
    rows: list[dict[str, Any]] = []
    codes: list[dict[str, Any]] = []
    for first in range(begin, end, _IMAGES_PER_CALL):
        positions = range(first, min(end, first + _IMAGES_PER_CALL))
        samples = [_sample(pack, position) for position in positions]
        found = hash_images(
            [s.data if isinstance(s, Sample) else b"" for s in samples],
            kinds,
            on_damage=options.on_damage,
            orientation=options.orientation,
            threads=1,
            max_pixels=options.max_pixels,
        )
        codes.append(found.codes)
        quality = found.quality_fast if options.kind == "pdq_fast" else found.quality
        for i, sample in enumerate(samples):
            row = _row(pack, positions[i], sample, found.errors[i])
            row["height"] = int(found.height[i])
            row["width"] = int(found.width[i])
            row["quality"] = int(quality[i])
            rows.append(row)
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in _COLUMNS}
    for name, dtype in _COLUMNS.items():
        if dtype is not None:
            columns[name] = np.array(columns[name], dtype=dtype)
    write_part(
        Path(path), columns | {kind: np.concatenate([c[kind] for c in codes]) for kind in kinds}
    )


# Texts have no dtype.
_COLUMNS: dict[str, Any] = {
    "key": None,
    "place": None,
    "file": None,
    "sample_id": np.int64,
    "bytes": np.int64,
    "height": np.int32,
    "width": np.int32,
    "quality": np.int32,
    "licence": None,
    "date": None,
    "error": None,
}


def _sample(pack: Pack, position: int) -> Sample | FastpassError:
    try:
        return pack[position]
    except FastpassError as error:
        return error


def _row(
    pack: Pack, position: int, sample: Sample | FastpassError, error: FastpassError | None
) -> dict[str, Any]:
    """What is known of an image beside its hashes."""
    place = pack.native.describe(position)
    metadata = _metadata(sample) if isinstance(sample, Sample) else {}
    fault = error if isinstance(sample, Sample) else sample
    return {
        "key": pack.native.key(position).decode("utf-8", "surrogateescape"),
        "place": place,
        "file": _file_at(place),
        "sample_id": pack.native.sample_id(position),
        "bytes": len(sample.data) if isinstance(sample, Sample) else 0,
        "licence": shown_text(str(metadata.get("licence", metadata.get("license", "")))),
        "date": shown_text(str(metadata.get("date_taken", metadata.get("date", "")))),
        "error": "" if fault is None else shown_text(f"{type(fault).__name__}: {fault}"),
    }


def _file_at(place: str) -> str:
    """The file of a sample, which its place names as people see it; "" for one in a tar."""
    escaped = place.encode("utf-8", "surrogateescape")
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), escaped)
    names = (place, os.fsdecode(raw))
    return next((name for name in names if "\0" not in name and os.path.lexists(name)), "")


def _metadata(sample: Sample) -> dict[str, Any]:
    try:
        return sample.metadata
    except BadPack:
        return {}  # no reason to lose the image


def join_part(codes: str, part: tuple[int, int, int, int], radius: int, path: str) -> None:
    """The pairs of one part of a file of codes, into the table ``path``."""
    pairs = CodeFile(codes).part_pairs(part, radius, threads=1)
    write_part(
        Path(path),
        {"first": pairs.first, "second": pairs.second, "distance": pairs.distance},
    )


def match_codes(queries: str, codes: str, begin: int, end: int, radius: int, path: str) -> None:
    """Matches of the queries [begin, end) of one file in another one, into the table ``path``."""
    chosen = np.asarray(CodeFile(queries).codes()[begin:end])
    pairs = CodeFile(codes).query(chosen, radius, threads=1)
    write_part(
        Path(path),
        {"first": pairs.first + begin, "second": pairs.second, "distance": pairs.distance},
    )
