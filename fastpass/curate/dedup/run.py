"""A whole run: hashes, pairs, groups, what is kept, the report. Goes on where it was ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastpass.common.progress import OnProgress, no_progress
from fastpass.curate.dedup.engines import make_engine
from fastpass.curate.dedup.known import add_kept, open_index
from fastpass.curate.dedup.matching import Matcher, chosen_matches, collection_of
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.outputs import write_outputs
from fastpass.curate.dedup.places import Places, as_list, check_plan
from fastpass.curate.dedup.report import write_report
from fastpass.curate.dedup.result import DedupResult, settle
from fastpass.curate.dedup.tables import Columns, read_tables
from fastpass.curate.dedup.tasks import hash_samples
from fastpass.errors import BadPack
from fastpass.pack import Pack

SAMPLES_PER_TASK = 1024


def dedup(
    source: str | list[str],
    output: str | Path,
    *,
    against: str | list[str] | None = None,
    index: str | Path | None = None,
    options: DedupOptions | None = None,
    on_progress: OnProgress = no_progress,
) -> DedupResult:
    """Find near duplicates in ``source`` and write what is to be kept; changes none of its files.

    Args:
        source: a folder, a tar, a pattern, or a list of them: whatever ``fastpass.Pack`` takes.
        output: folder for hashes.parquet, pairs.parquet, clusters.parquet, against.parquet,
            keep.txt, report.html, and ``work``, from which a run that was killed goes on.
        against: another collection, of an evaluation say: what also occurs there is not kept.
        index: a file of codes of earlier collections (made if it is not there): what is known
            there is not kept, and the codes of what is kept are added.

    Raises:
        BadPack: nothing to read. ConfigError: the output folder holds a run of other data or
        options. Damaged images are rows with an error, not exceptions.
    """
    options = options or DedupOptions()
    places = Places(Path(output))
    with places.held():
        return _run(source, places, against, index, options, on_progress)


def _run(
    source: str | list[str],
    places: Places,
    against: str | list[str] | None,
    index: str | Path | None,
    options: DedupOptions,
    on_progress: OnProgress,
) -> DedupResult:
    engine = make_engine(options.engine, options.threads)
    known = open_index(index, options)
    size_before = check_plan(places, source, against, known, options)
    images = _hash(source, "hashes", places, options, engine, on_progress)
    own = collection_of(images, options)
    matcher = Matcher(places, options, engine, on_progress)
    others, against_matches = None, None
    if against is not None:
        others = _hash(against, "against", places, options, engine, on_progress)
        against_matches = matcher.matches(own, collection_of(others, options), "against")
    index_matches = None
    if known is not None and size_before > 0:
        found = matcher.file_matches(own, known)
        # With the codes that it had when the run began.
        index_matches = chosen_matches(found, found.second < size_before)
    pairs = matcher.pairs(own)
    on_progress("grouping", 0, 1)
    result = settle(images, pairs, against_matches, index_matches, options)
    write_outputs(places, result, others)
    if known is not None:
        add_kept(known, size_before, own, result, places)
    write_report(places.output / "report.html", result, source)
    on_progress("done", 1, 1)
    return result


def _hash(
    source: str | list[str],
    name: str,
    places: Places,
    options: DedupOptions,
    engine: Any,
    on_progress: OnProgress,
) -> Columns:
    paths = as_list(source)
    with Pack(paths) as pack:
        size = len(pack)
    if size == 0:
        raise BadPack(f"no images in {', '.join(paths)}")
    begins = range(0, size, SAMPLES_PER_TASK)
    parts = [places.part(name, i) for i in range(len(begins))]
    tasks = [
        (paths, begin, min(size, begin + SAMPLES_PER_TASK), options, str(part))
        for begin, part in zip(begins, parts, strict=True)
        if not part.exists()
    ]
    done_before = len(parts) - len(tasks)
    on_progress(f"hashing {name}", done_before, len(parts))
    for done in engine.run(hash_samples, tasks):
        on_progress(f"hashing {name}", done_before + done, len(parts))
    return read_tables(parts)
