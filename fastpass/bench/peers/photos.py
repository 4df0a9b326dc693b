"""The photos of a benchmark: the same bytes as plain files for the peers, indexed tars for us."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastpass.common.files import named_failures
from fastpass.decode import decode_jpeg, probe
from fastpass.errors import BadPack, FastpassError
from fastpass.pack import Pack, pack_folder
from fastpass.pack.beton import write_beton
from fastpass.pack.sources import Source, expand

SUFFIXES = (".jpg", ".jpeg")
MAX_COPIED_BYTES = 128 << 20  # of all copies of the photos in the tars


@dataclass(frozen=True)
class Photos:
    """files: plain JPEGs. shards: tars of the same with their indexes (fastpass.pack).

    The tars hold every photo ``copies`` times, so that an epoch is long. left_out: why some
    samples of the source are not measured.
    """

    files: tuple[Path, ...]
    shards: tuple[Path, ...]
    copies: int
    left_out: dict[str, str]


def collect_photos(
    source: Source, scratch: Path, *, limit: int | None = None, epoch_size: int = 0
) -> Photos:
    """Put the first ``limit`` good JPEGs of ``source`` below ``scratch``: as files, and in tars.

    source: a folder of JPEGs, a tar, a pattern of either, or a list of these. A photo that is no
    JPEG or that is damaged is left out by name: not every peer survives it. With ``epoch_size``,
    photos are repeated in the tars until an epoch has that many samples (or 128 MiB).

    Raises BadPack where nothing remains, and what ``fastpass.Pack`` raises.
    """
    folder = scratch / "photos"
    folder.mkdir(parents=True)
    files: list[Path] = []
    left_out: dict[str, str] = {}
    for place, data in _jpegs(source):
        if limit is not None and len(files) == limit:
            break
        reason = _refusal(data)
        if reason:
            left_out[place] = reason
            continue
        files.append(folder / f"{len(files):06d}.jpg")
        with named_failures(files[-1]):
            files[-1].write_bytes(data)
    if not files:
        some = "".join(f"; {place}: {reason}" for place, reason in [*left_out.items()][:1])
        raise BadPack(f"{source!r}: no JPEG that can be decoded{some}")
    copies = _num_copies(files, epoch_size)
    return Photos(tuple(files), _indexed_tars(files, copies, scratch), copies, left_out)


def write_beton_of(photos: Photos, beton: Path) -> None:
    """The samples of the tars as one file of FFCV, unless it is there."""
    if not beton.exists():
        write_beton(Pack(photos.shards), beton)


def _jpegs(source: Source) -> Iterator[tuple[str, memoryview]]:
    """(place, bytes) of every sample; files named directly are read as they are."""
    packs: list[str] = []
    for path in expand(source):
        if path.lower().endswith(SUFFIXES) and os.path.isfile(path):
            yield path, memoryview(Path(path).read_bytes())
        else:
            packs.append(path)
    if packs:
        for sample in Pack(packs):
            yield sample.place, sample.data


def _refusal(data: memoryview) -> str:
    try:
        info = probe(data)
        if info.format != "jpeg":
            return f"a {info.format} file, wanted a JPEG"
        decode_jpeg(data)
    except FastpassError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _num_copies(files: Sequence[Path], epoch_size: int) -> int:
    num_bytes = sum(path.stat().st_size for path in files)
    return max(1, min(-(-epoch_size // len(files)), MAX_COPIED_BYTES // max(num_bytes, 1)))


def _indexed_tars(files: Sequence[Path], copies: int, scratch: Path) -> tuple[Path, ...]:
    folder = scratch / "copies"
    folder.mkdir()
    for copy in range(copies):
        for path in files:
            os.link(path, folder / f"{path.stem}_{copy}.jpg")
    report = pack_folder(folder, scratch / "shards")
    return tuple(Path(shard.tar) for shard in report.shards)
