"""Close pairs of a collection, and matches with another one, by tasks where there is much to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fastpass.common.progress import OnProgress
from fastpass.curate.dedup.collection import Codes, Collection
from fastpass.curate.dedup.known import Known
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.places import Places
from fastpass.curate.dedup.tables import read_tables
from fastpass.curate.dedup.task_runners import TaskRunner
from fastpass.curate.dedup.tasks import join_part, match_codes
from fastpass.curate.hashes.images import DIHEDRALS
from fastpass.curate.search import CodeFile, HammingIndex, Merged, Pairs

# Fewer codes than this are searched at once, in this process.
_FEW_CODES = 30_000
_QUERIES_PER_TASK = 1 << 18


@dataclass(frozen=True)
class Matches:
    """Rows of images, sorted; ``transform``: what the first looks like the second after."""

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
        self, places: Places, options: DedupOptions, runner: TaskRunner, on_progress: OnProgress
    ) -> None:
        self._places = places
        self._options = options
        self._runner = runner
        self._on_progress = on_progress

    def pairs(self, own: Collection) -> Matches:
        """Among the first images of nodes, first < second."""
        rows, codes = own.rows, self._codes(own, 0)
        found = [_matches(self._self_pairs(codes), rows, rows, 0)]
        for number in self._turns():
            matches = self._cross("own", self._codes(own, number), codes, number)
            turned = _matches(matches, rows, rows, number)
            found.append(chosen_matches(turned, turned.first != turned.second))
        return _best([_ordered(matches) for matches in found])

    def matches(self, own: Collection, other: Collection, name: str) -> Matches:
        """Of all images of ``own`` (first) with the first images of nodes of ``other``, and with
        one of the same bytes."""
        codes = self._codes(other, 0)
        found = []
        for number in (0, *self._turns()):
            pairs = self._cross(name, self._codes(own, number), codes, number)
            found.append(_matches(pairs, own.rows, other.rows, number))
        return _best([*(_spread(m, own.merged) for m in found), _same_bytes(own, other)])

    def is_known(self, own: Collection, known: Known) -> npt.NDArray[np.bool_]:
        """bool ``[N]``: images that the index of earlier collections holds."""
        nodes = np.zeros(len(own.merged), dtype=bool)
        radius, threads = self._options.radius, self._options.threads
        for number in (0, *self._turns()):
            found = known.query(self._codes(own, number), radius, threads)
            nodes[own.merged.node_of[own.rows[found]]] = True
        found = known.query(known.codes_of(own, own.flat_rows), 0, threads)
        nodes[own.merged.node_of[own.flat_rows[found]]] = True
        return np.asarray(nodes[own.merged.node_of])

    def _codes(self, own: Collection, number: int) -> Codes:
        kind = self._options.kind
        return own.codes[f"{kind}:{DIHEDRALS[number - 1]}" if number else kind][own.rows]

    def _turns(self) -> range:
        return range(1, len(DIHEDRALS) + 1 if self._options.dihedral else 1)

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
        self._runner.run(
            function, waiting, lambda done: self._on_progress(what, done_before + done, total)
        )
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


def all_pairs(near: Matches, own: Collection) -> Matches:
    """The pairs of nodes, every further image of a node with the first, equal bytes as such."""
    first_of = own.merged.first_of
    others = np.flatnonzero(first_of != np.arange(len(first_of)))
    equals = Matches(
        first_of[others],
        others,
        np.zeros(len(others), dtype=np.int32),
        np.zeros(len(others), dtype=np.int8),
    )
    return _best([near, equals, _ordered(_same_bytes(own, own))])


def _spread(matches: Matches, merged: Merged) -> Matches:
    """Matches of the first images of nodes as matches of all their images."""
    by_node = np.argsort(merged.node_of, kind="stable")
    counts = np.bincount(merged.node_of, minlength=len(merged))
    nodes = merged.node_of[matches.first]
    repeats = counts[nodes]
    begins = (np.cumsum(counts) - counts)[nodes]
    within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return Matches(
        by_node[np.repeat(begins, repeats) + within],
        np.repeat(matches.second, repeats),
        np.repeat(matches.distance, repeats),
        np.repeat(matches.transform, repeats),
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
