"""Close pairs of a collection, and matches with another one, by tasks where there is much to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fastpass.common.progress import OnProgress
from fastpass.curate.dedup.engines import Engine
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.places import Places
from fastpass.curate.dedup.tables import Columns, read_tables
from fastpass.curate.dedup.tasks import join_part, match_codes
from fastpass.curate.hashes.images import DIHEDRALS
from fastpass.curate.search import CodeFile, HammingIndex, Pairs

# Fewer codes than this are searched at once, in this process.
_FEW_CODES = 30_000
_QUERIES_PER_TASK = 1 << 18

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Collection:
    """Codes that can be compared: ``rows`` are their places among all images."""

    rows: npt.NDArray[np.int64]
    codes: dict[str, Codes]  # of the kind and of its turned forms
    sha256: Codes  # of all images
    is_readable: npt.NDArray[np.bool_]  # of all images


def collection_of(images: Columns, options: DedupOptions) -> Collection:
    is_readable = np.array([error == "" for error in images["error"]], dtype=bool)
    is_compared = is_readable.copy()
    if options.has_quality:
        is_compared &= images["quality"] >= options.min_quality
    rows = np.flatnonzero(is_compared)
    codes = {kind: images[kind][rows] for kind in options.hash_kinds if kind != "sha256"}
    return Collection(rows, codes, images["sha256"], is_readable)


@dataclass(frozen=True)
class Matches:
    """Places of images, sorted; ``transform``: what the first looks like the second after."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    distance: npt.NDArray[np.int32]
    transform: npt.NDArray[np.int8]  # 0: none; i: DIHEDRALS[i - 1]; -1: the same bytes

    def __len__(self) -> int:
        return len(self.first)


TRANSFORM_NAMES = {-1: "same bytes", 0: "", **dict(enumerate(DIHEDRALS, 1))}


class Matcher:
    """Finds them; what tasks leave behind lies in the work folder, and is not made twice."""

    def __init__(
        self, places: Places, options: DedupOptions, engine: Engine, on_progress: OnProgress
    ) -> None:
        self._places = places
        self._options = options
        self._engine = engine
        self._on_progress = on_progress

    def pairs(self, own: Collection) -> Matches:
        """Within one collection, first < second."""
        found = [_matches(self._self_pairs(own.codes[self._options.kind]), own.rows, own.rows, 0)]
        for number, queries in self._turned(own):
            matches = self._cross("own", queries, own.codes[self._options.kind], number)
            turned = _matches(matches, own.rows, own.rows, number)
            found.append(chosen_matches(turned, turned.first != turned.second))
        found.append(_same_bytes(own, own))
        return _best([_ordered(matches) for matches in found])

    def matches(self, own: Collection, other: Collection, name: str) -> Matches:
        """Of images of ``own`` (first) with images of ``other`` (second)."""
        codes = other.codes[self._options.kind]
        straight = self._cross(name, own.codes[self._options.kind], codes, 0)
        found = [_matches(straight, own.rows, other.rows, 0)]
        for number, queries in self._turned(own):
            turned = self._cross(name, queries, codes, number)
            found.append(_matches(turned, own.rows, other.rows, number))
        found.append(_same_bytes(own, other))
        return _best(found)

    def file_matches(self, own: Collection, file: CodeFile) -> Matches:
        """Of images of ``own`` with the codes of a file."""
        kind = self._options.kind
        rows = np.arange(len(file), dtype=np.int64)
        found = []
        for number, queries in [(0, own.codes[kind]), *self._turned(own)]:
            pairs = file.query(queries, self._options.radius, threads=self._options.threads)
            found.append(_matches(pairs, own.rows, rows, number))
        return _best(found)

    def _turned(self, own: Collection) -> list[tuple[int, Codes]]:
        if not self._options.dihedral:
            return []
        kind = self._options.kind
        return [(i, own.codes[f"{kind}:{name}"]) for i, name in enumerate(DIHEDRALS, 1)]

    def _self_pairs(self, codes: Codes) -> Pairs:
        radius, threads = self._options.radius, self._options.threads
        if len(codes) < _FEW_CODES:
            self._on_progress("comparing", 0, 1)
            return HammingIndex(codes, threads=threads).pairs(radius)
        file = self._write("own", 0, codes)
        parts = file.parts(radius, memory_bytes=self._options.memory_bytes)
        bits = parts[0][3]
        tasks = [
            (str(file.path), part, radius, str(self._places.part(f"pairs{bits}", i)))
            for i, part in enumerate(parts)
        ]
        return self._run(join_part, tasks, "comparing")

    def _cross(self, name: str, queries: Codes, codes: Codes, number: int) -> Pairs:
        radius, threads = self._options.radius, self._options.threads
        what = f"comparing with {name}" if number == 0 else f"comparing, {TRANSFORM_NAMES[number]}"
        if len(queries) * len(codes) < _FEW_CODES**2:
            self._on_progress(what, 0, 1)
            return HammingIndex(codes, threads=threads).query(queries, radius)
        query_file = self._write(f"{name}-queries", number, queries)
        code_file = self._write(f"{name}-codes", number, codes)
        begins = range(0, len(queries), _QUERIES_PER_TASK)
        tasks = [
            (
                str(query_file.path),
                str(code_file.path),
                begin,
                min(len(queries), begin + _QUERIES_PER_TASK),
                radius,
                str(self._places.part(f"matches-{name}-{number}", i)),
            )
            for i, begin in enumerate(begins)
        ]
        return self._run(match_codes, tasks, what)

    def _write(self, name: str, number: int, codes: Codes) -> CodeFile:
        path = self._places.work / f"{name}-{number}.codes"
        path.unlink(missing_ok=True)
        file = CodeFile.create(path, codes.shape[1])
        file.append(codes)
        return file

    def _run(
        self, function: Callable[..., None], tasks: Sequence[tuple[object, ...]], what: str
    ) -> Pairs:
        """Tasks whose last argument is the table they leave."""
        waiting = [task for task in tasks if not Path(str(task[-1])).exists()]
        total = len(tasks)
        done_before = total - len(waiting)
        self._on_progress(what, done_before, total)
        for done in self._engine.run(function, waiting):
            self._on_progress(what, done_before + done, total)
        columns = read_tables([Path(str(task[-1])) for task in tasks])
        return Pairs(columns["first"], columns["second"], columns["distance"])


def _matches(
    pairs: Pairs, rows: npt.NDArray[np.int64], other_rows: npt.NDArray[np.int64], number: int
) -> Matches:
    return Matches(
        rows[pairs.first],
        other_rows[pairs.second],
        np.asarray(pairs.distance, dtype=np.int32),
        np.full(len(pairs), number, dtype=np.int8),
    )


def chosen_matches(matches: Matches, chosen: npt.NDArray[np.bool_]) -> Matches:
    return Matches(
        matches.first[chosen],
        matches.second[chosen],
        matches.distance[chosen],
        matches.transform[chosen],
    )


def _ordered(matches: Matches) -> Matches:
    """Each pair with the smaller place first."""
    return Matches(
        np.minimum(matches.first, matches.second),
        np.maximum(matches.first, matches.second),
        matches.distance,
        matches.transform,
    )


def _same_bytes(own: Collection, other: Collection) -> Matches:
    """Files that are equal byte for byte, each with the first such one."""
    first_of: dict[bytes, int] = {}
    for row in np.flatnonzero(other.is_readable):
        first_of.setdefault(other.sha256[row].tobytes(), int(row))
    found = []
    for row in np.flatnonzero(own.is_readable):
        match = first_of.get(own.sha256[row].tobytes())
        if match is not None and (own is not other or match != row):
            found.append((int(row), match))
    rows = np.array(found, dtype=np.int64).reshape(-1, 2)
    return Matches(
        rows[:, 0],
        rows[:, 1],
        np.zeros(len(rows), dtype=np.int32),
        np.full(len(rows), -1, dtype=np.int8),
    )


def _best(found: list[Matches]) -> Matches:
    """Sorted; of several ways to match the same images, the closest."""
    first, second, distance, transform = (
        np.concatenate([getattr(matches, name) for matches in found])
        for name in ("first", "second", "distance", "transform")
    )
    order = np.lexsort((transform, distance, second, first))
    first, second = first[order], second[order]
    is_new = np.ones(len(first), dtype=bool)
    is_new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    kept = order[is_new]
    return Matches(first[is_new], second[is_new], distance[kept], transform[kept])
