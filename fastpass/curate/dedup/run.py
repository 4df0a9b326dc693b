"""A whole run: hashes, pairs, groups, what is kept, the report. Goes on where it was ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fastpass.common.progress import OnProgress, no_progress
from fastpass.curate.dedup.collection import collection_of
from fastpass.curate.dedup.known import Known, open_index
from fastpass.curate.dedup.matching import Matcher
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.outputs import write_outputs
from fastpass.curate.dedup.places import Places
from fastpass.curate.dedup.plan import Plan, asked_for
from fastpass.curate.dedup.report import write_report
from fastpass.curate.dedup.result import DedupResult, settle
from fastpass.curate.dedup.tables import Columns, read_tables
from fastpass.curate.dedup.task_runners import TaskRunner, make_runner
from fastpass.curate.dedup.tasks import PackForTasks, hash_samples
from fastpass.errors import BadPack, FastpassError
from fastpass.pack import Pack

SAMPLES_PER_TASK = 1024

Source = str | Path | Sequence[str | Path]


def dedup(
    source: Source,
    output: str | Path,
    *,
    against: Source | None = None,
    index: str | Path | None = None,
    index_kind: str | None = None,
    rehash: bool = False,
    options: DedupOptions | None = None,
    on_progress: OnProgress = no_progress,
) -> DedupResult:
    """Find near duplicates in ``source`` and write what is to be kept; changes none of its files.

    Args:
        source: a folder, a tar, a pattern, or a list of them: whatever ``fastpass.Pack`` takes.
        output: folder for hashes.parquet, pairs.parquet, clusters.parquet, against.parquet,
            keep.txt, keep-files.txt, report.html, and ``work``, from which a run that was killed
            goes on.
        against: another collection, of an evaluation say: what also occurs there is not kept.
        index: a file of codes of earlier collections (made if it is not there): what is known
            there is not kept, and the codes of what is kept are added.
        index_kind: the kind of hash in an index that was written before kinds were recorded.
        rehash: begin again, whatever earlier runs have left in ``output``.

    Raises:
        BadPack: nothing to read. ConfigError: the output folder holds a run of other data or
        options, or the index holds codes of another kind. WouldOverwrite, WriteFailed. Damaged
        images are rows with an error, not exceptions.
    """
    options = options or DedupOptions()
    places = Places(Path(output))
    with ExitStack() as open_packs:
        packs = {"hashes": open_packs.enter_context(Pack(source))}
        if against is not None:
            packs["against"] = open_packs.enter_context(Pack(against))
        for pack in packs.values():
            if len(pack) == 0:
                raise BadPack(f"no images in {', '.join(pack.paths)}")
        with places.held():
            index_path = None if index is None else Path(index)
            plan, known = _prepared(places, packs, index_path, index_kind, rehash, options)
            return _Run(packs, places, plan, known, options, on_progress).result()


def _prepared(
    places: Places,
    packs: dict[str, Pack],
    index: Path | None,
    index_kind: str | None,
    rehash: bool,
    options: DedupOptions,
) -> tuple[Plan, Known | None]:
    """The plan of the run whose work lies here, else a new one; and what the index holds."""
    asked = asked_for(packs["hashes"], packs.get("against"), index, options)
    path = places.work / "plan.json"
    found = _found_plan(path, rehash)
    if found is not None and not rehash:
        found.require_same(asked, places.output)
    file = None if index is None else open_index(index, options, index_kind)
    size = 0 if file is None else len(file)
    if found is None or rehash:
        places.forget()
        is_same_index = found is not None and found.asked.get("index") == asked["index"]
        own = found.own_ranges(size) if found is not None and is_same_index else []
        found = Plan(path, asked, index_size=size, index_own=own)
        found.save()
    if file is None:
        return found, None
    return found, Known(file, options, found.index_size, tuple(found.index_own))


def _found_plan(path: Path, rehash: bool) -> Plan | None:
    try:
        return Plan.load(path)
    except FastpassError:
        if not rehash:
            raise
        return None


@dataclass(frozen=True)
class _Run:
    packs: dict[str, Pack]
    places: Places
    plan: Plan
    known: Known | None
    options: DedupOptions
    on_progress: OnProgress

    def result(self) -> DedupResult:
        runner = make_runner(self.options.backend, self.options.threads)
        images = self._hashed("hashes", runner)
        own = collection_of(images, self.options)
        matcher = Matcher(self.places, self.options, runner, self.on_progress)
        others, matches = None, None
        if "against" in self.packs:
            others = self._hashed("against", runner)
            matches = matcher.matches(own, collection_of(others, self.options), "against")
        is_known = None if self.known is None else matcher.is_known(own, self.known)
        near = matcher.pairs(own)
        self.on_progress("grouping", 0, 1)
        found = settle(images, own, near, against=matches, is_known=is_known, options=self.options)
        found = dataclasses.replace(found, skipped_files=self.packs["hashes"].skipped_files)
        write_outputs(self.places, found, others)
        if self.known is not None:
            codes = self.known.new_codes(own, np.flatnonzero(found.status == "kept"))
            self.plan.index_adds = len(codes)
            self.plan.save()
            self.known.add(codes, self.places.output)
        write_report(self.places.output / "report.html", found, self.packs["hashes"])
        self.on_progress("done", 1, 1)
        return found

    def _hashed(self, name: str, runner: TaskRunner) -> Columns:
        """A row for every image of a source."""
        pack = self.packs[name]
        begins = range(0, len(pack), SAMPLES_PER_TASK)
        parts = [self.places.part(name, i) for i in range(len(begins))]
        source = PackForTasks.of(pack)
        tasks = [
            (source, begin, min(len(pack), begin + SAMPLES_PER_TASK), self.options, str(part))
            for begin, part in zip(begins, parts, strict=True)
            if not part.exists()
        ]
        done_before = len(parts) - len(tasks)
        self.on_progress(f"hashing {name}", done_before, len(parts))
        try:
            runner.run(
                hash_samples,
                tasks,
                lambda done: self.on_progress(f"hashing {name}", done_before + done, len(parts)),
            )
        finally:
            PackForTasks.forget_all()
        return read_tables(parts)
