"""A whole run: hashes, pairs, groups, what is kept, the report. Goes on where it was ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.curate.dedup.engines import make_engine
from fastpass.curate.dedup.matching import (
    TRANSFORM_NAMES,
    Collection,
    Matcher,
    Matches,
    OnProgress,
    chosen_matches,
)
from fastpass.curate.dedup.options import DedupOptions, Places
from fastpass.curate.dedup.tables import Columns, read_tables, write_table
from fastpass.curate.dedup.tasks import hash_samples
from fastpass.curate.search import CodeFile, Pairs, cluster, diameters, keep_ranks
from fastpass.errors import BadPack, ConfigError, WriteFailed
from fastpass.pack import Pack

SAMPLES_PER_TASK = 1024
_ROWS_AT_ONCE = 1 << 16
STATUSES = ("kept", "duplicate", "in_against", "in_index", "unreadable")


@dataclass(frozen=True)
class DedupResult:
    """What a run found; the same stands in the files of its output folder."""

    images: Columns  # of hashes.parquet: a row per image, in the order of the source
    status: npt.NDArray[np.str_]  # of each image: one of STATUSES
    kept: npt.NDArray[np.int64]  # of each: the row of the image it duplicates, or its own
    pairs: Matches
    group_size: npt.NDArray[np.int64]
    against: Matches | None  # with the rows of the other collection
    options: DedupOptions

    def count(self, status: str) -> int:
        return int((self.status == status).sum())


def dedup(
    source: str | list[str],
    output: str | Path,
    *,
    against: str | list[str] | None = None,
    index: str | Path | None = None,
    options: DedupOptions | None = None,
    on_progress: OnProgress = lambda what, done, total: None,
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
    from fastpass.curate.dedup.report import write_report

    engine = make_engine(options.engine, options.threads)
    known = _open_index(index, options)
    size_before = _check_plan(places, source, against, known, options)
    images = _hash(source, "hashes", places, options, engine, on_progress)
    own = _collection(images, options)
    matcher = Matcher(places, options, engine, on_progress)
    others, against_matches = None, None
    if against is not None:
        others = _hash(against, "against", places, options, engine, on_progress)
        against_matches = matcher.matches(own, _collection(others, options), "against")
    index_matches = None
    if known is not None and size_before > 0:
        found = matcher.file_matches(own, known)
        # With the codes that it had when the run began.
        index_matches = chosen_matches(found, found.second < size_before)
    pairs = matcher.pairs(own)
    on_progress("grouping", 0, 1)
    result = _settle(images, pairs, against_matches, index_matches, options)
    _write_outputs(places, result, others, own)
    if known is not None:
        _add_kept(known, size_before, own, result, places)
    write_report(places.output / "report.html", result, source)
    on_progress("done", 1, 1)
    return result


def _as_list(source: str | list[str]) -> list[str]:
    return [str(source)] if isinstance(source, str | Path) else [str(path) for path in source]


def _open_index(index: str | Path | None, options: DedupOptions) -> CodeFile | None:
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


def _check_plan(
    places: Places,
    source: str | list[str],
    against: str | list[str] | None,
    known: CodeFile | None,
    options: DedupOptions,
) -> int:
    """The plan of the run whose work lies here, else this one's; returns the index's size then."""
    with Pack(_as_list(source)) as pack:
        wanted: dict[str, Any] = {"version": 1, "source": pack.fingerprint, "against": None}
    if against is not None:
        with Pack(_as_list(against)) as pack:
            wanted["against"] = pack.fingerprint
    wanted["index"] = None if known is None else str(known.path.resolve())
    wanted["options"] = options.what_matters()
    path = places.work / "plan.json"
    if path.exists():
        try:
            found = json.loads(path.read_text())
            size: int = found.pop("index_size")
        except (ValueError, KeyError, OSError) as error:
            raise BadPack(f"{path} is damaged: remove {places.work}") from error
        different = [name for name in wanted if found.get(name) != wanted[name]]
        if different:
            raise ConfigError(
                f"{places.output} holds a run with another {', '.join(different)}: choose another "
                "folder, or remove it"
            )
        return size
    size = 0 if known is None else len(known)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({**wanted, "index_size": size}, indent=2))
    partial.replace(path)
    return size


def _hash(
    source: str | list[str],
    name: str,
    places: Places,
    options: DedupOptions,
    engine: Any,
    on_progress: OnProgress,
) -> Columns:
    paths = _as_list(source)
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


def _collection(images: Columns, options: DedupOptions) -> Collection:
    is_readable = np.array([error == "" for error in images["error"]], dtype=bool)
    is_compared = is_readable.copy()
    if options.has_quality:
        is_compared &= images["quality"] >= options.min_quality
    rows = np.flatnonzero(is_compared)
    codes = {kind: images[kind][rows] for kind in options.hash_kinds if kind != "sha256"}
    return Collection(rows, codes, images["sha256"], is_readable)


def _settle(
    images: Columns,
    pairs: Matches,
    against: Matches | None,
    index: Matches | None,
    options: DedupOptions,
) -> DedupResult:
    size = len(images["key"])
    status = np.full(size, "kept", dtype="<U10")
    status[[error != "" for error in images["error"]]] = "unreadable"
    if index is not None:
        status[index.first] = "in_index"
    if against is not None:
        status[against.first] = "in_against"
    is_left = status == "kept"
    among = is_left[pairs.first] & is_left[pairs.second]
    near = Pairs(pairs.first[among], pairs.second[among], pairs.distance[among])
    columns = {
        "pixels": images["height"].astype(np.int64) * images["width"],
        **{
            name: np.asarray(images[name])
            for name in ("quality", "bytes", "key", "licence", "date")
        },
    }
    ranks = keep_ranks(columns, options.keep)
    kept = cluster(size, near, method=options.method, ranks=ranks)
    status[is_left & (kept != np.arange(size))] = "duplicate"
    counts = np.bincount(kept, minlength=size)
    return DedupResult(
        images=images,
        status=status,
        kept=kept,
        pairs=pairs,
        group_size=counts[kept],
        against=against,
        options=options,
    )


def _write_outputs(
    places: Places, result: DedupResult, others: Columns | None, own: Collection
) -> None:
    keys = result.images["key"]
    write_table(places.output / "hashes.parquet", result.images)
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
            "group_diameter": diameters(
                result.images[kind], result.kept, threads=result.options.threads
            ),
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
    kept = [key for key, status in zip(keys, result.status, strict=True) if status == "kept"]
    _write_text(places.output / "keep.txt", "".join(f"{key}\n" for key in kept))


def _distances(codes: npt.NDArray[np.uint8], kept: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Bits between each image's code and that of the image that is kept in its place."""
    distances = np.empty(len(codes), dtype=np.int32)
    for begin in range(0, len(codes), _ROWS_AT_ONCE):
        chosen = slice(begin, begin + _ROWS_AT_ONCE)
        different = codes[chosen] ^ codes[kept[chosen]]
        distances[chosen] = np.unpackbits(different, axis=1).sum(axis=1)
    return distances


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror or error}") from error


def _add_kept(
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
