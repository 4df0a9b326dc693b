"""From a folder of images to WebDataset tar shards, or to a .beton of FFCV, with indexes."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal

from fastpass.common.checks import require_choice, require_integer
from fastpass.common.files import sync, write_file
from fastpass.common.filled_folder import filled_folder
from fastpass.common.outputs import refuse_below, refuse_inputs
from fastpass.errors import BadArgument, BadPack
from fastpass.pack.beton import new_beton, write_beton
from fastpass.pack.classes import CLASSES_FILE, classes_json
from fastpass.pack.index import IndexReport, build_index, is_index
from fastpass.pack.options import Classes, Layout
from fastpass.pack.reader import Pack
from fastpass.pack.sources import PathLike, Source, find_parts
from fastpass.types import Sample

Container = Literal["tar", "beton"]

SHARD_BYTES = 1 << 30
EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp"}
_FIRST_BYTES = ((b"GIF8", "gif"), (b"BM", "bmp"), (b"II*\0", "tif"), (b"MM\0*", "tif"))


@dataclass(frozen=True, slots=True)
class PackReport:
    """What was written."""

    output: str
    shards: tuple[IndexReport, ...]
    num_samples: int
    num_bytes: int  # of the tars, or of the .beton
    summary: str = ""  # of the source, as Pack.summary
    skipped_files: dict[str, int] = field(default_factory=dict)  # of the source, as Pack has them


def pack_folder(
    source: Source,
    output: PathLike,
    *,
    shard_bytes: int | None = None,
    shard_samples: int | None = None,
    to: Container = "tar",
    force: bool = False,
    seek_index: bool = True,
    layout: Layout | None = None,
    classes: Classes | None = None,
    keep: Iterable[str] | PathLike | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> PackReport:
    """Write the images below ``source`` as ``output/shard-NNNNNN.tar`` with an index each.

    The image bytes are copied untouched; a label becomes a ``.cls`` member, a ``.json`` beside the
    image goes along, and the names of classes are in ``output/classes.json``, where ``Pack`` finds
    them. The same folder always gives the same bytes. A shard is closed before its samples would
    exceed ``shard_bytes`` (default: 1 GiB), or when it has ``shard_samples``.
    ``seek_index``: see :func:`build_index`; ``layout``, ``classes``, ``keep``: see ``Pack``.
    ``on_progress`` gets (samples done, samples in all).

    ``to="beton"``: ``output`` is one file for FFCV, ``photos.beton``, with an index beside it. The
    names of classes are in it, keys stay as they are, and the source may be in tars.

    WebDataset ends a key at the first dot of the name, so dots inside names become ``_``
    (two names that then fall together are a ``BadPack``); the extension follows from the content.

    Everything is written to a hidden folder first and moved in place at the end: on any failure
    nothing appears. ``force`` replaces what fastpass wrote into ``output``, and nothing else.

    Raises ``WriteFailed`` (full disk, read-only; ``WouldOverwrite``: ``output`` has content),
    ``BadPack`` (no images, or ``source`` holds tars already) and ``BadArgument``.
    """
    require_choice("to", to, ("tar", "beton"))
    if to == "beton" and not (shard_bytes is None and shard_samples is None):
        raise BadArgument(
            "a .beton is one file, so it has no size of shards: leave out --shard-size "
            "(shard_bytes, shard_samples)"
        )
    shard_bytes = SHARD_BYTES if shard_bytes is None else shard_bytes
    shard_bytes = require_integer("shard_bytes", shard_bytes, 1, 1 << 62)
    if shard_samples is not None:
        shard_samples = require_integer("shard_samples", shard_samples, 1, 1 << 62)
    parts = [part.path for part in find_parts(source, layout)]
    files = [path for path in parts if not os.path.isdir(path)]
    if files and to == "tar":
        Pack(files[0], index="ignore").close()  # raises where it is none
        raise BadPack(
            f"{files[0]!r} holds images that are packed already, and is read as it is: run "
            "`fastpass index` on it"
        )
    given = [source] if isinstance(source, str | os.PathLike) else source
    refuse_below(output, [*parts, *map(os.path.expanduser, given)])
    target = Path(output)
    with Pack(source, layout=layout, classes=classes, keep=keep) as pack:
        on_sample = partial(_tell, on_progress, len(pack))
        if to == "beton":
            refuse_inputs(target, files)
            reports, num_bytes = _fill_beton(pack, target, force, seek_index, on_sample)
        else:
            most = shard_samples or len(pack)
            with filled_folder(target, force=force, is_ours=is_index) as staging:
                writer = _ShardWriter(staging, shard_bytes, most)
                reports, num_bytes = _fill_tars(pack, staging, writer, seek_index, on_sample)
        # An index knows the size and time of its file, not its path: both have moved.
        folder = target if to == "tar" else target.parent
        return PackReport(
            output=str(target),
            shards=tuple(_moved(report, folder) for report in reports),
            num_samples=sum(report.num_samples for report in reports),
            num_bytes=num_bytes,
            summary=pack.summary,
            skipped_files=pack.skipped_files,
        )


def _fill_beton(
    pack: Pack, target: Path, force: bool, seek_index: bool, on_sample: Callable[[int], None]
) -> tuple[list[IndexReport], int]:
    with new_beton(target, force=force) as path:
        num_bytes = write_beton(pack, path, seek_index=seek_index, on_sample=on_sample)
        return [build_index(path, seek_index=seek_index)], num_bytes


def _fill_tars(
    pack: Pack,
    folder: Path,
    writer: _ShardWriter,
    seek_index: bool,
    on_sample: Callable[[int], None],
) -> tuple[list[IndexReport], int]:
    tars, num_bytes = writer.write(pack, on_sample)
    if pack.class_to_idx is not None:
        write_file(folder / CLASSES_FILE, classes_json(pack.class_to_idx))
    return [build_index(tar, seek_index=seek_index) for tar in tars], num_bytes


def _tell(on_progress: Callable[[int, int], None] | None, total: int, done: int) -> None:
    if on_progress is not None:
        on_progress(done, total)


def _moved(report: IndexReport, target: Path) -> IndexReport:
    tar = str(target / Path(report.tar).name)
    return replace(report, tar=tar, index=tar + ".fpi")


class _ShardWriter:
    """Puts one sample after another into tars, and starts a new tar when one is full."""

    def __init__(self, folder: Path, shard_bytes: int, shard_samples: int) -> None:
        self.tars: list[Path] = []
        self.num_bytes = 0
        self._folder = folder
        self._shard_bytes = shard_bytes
        self._shard_samples = shard_samples
        self._file: io.BufferedWriter | None = None
        self._tar: tarfile.TarFile | None = None
        self._num_samples = 0
        self._keys: dict[str, str] = {}  # in the tars -> in the source

    def write(self, pack: Pack, on_sample: Callable[[int], None]) -> tuple[list[Path], int]:
        """All samples of a pack; returns the tars and their bytes."""
        with self:
            for position, sample in enumerate(pack):
                self.add(sample)
                on_sample(position + 1)
            self.close_shard()
        return self.tars, self.num_bytes

    def add(self, sample: Sample) -> None:
        key = _tar_key(sample.key)
        if key in self._keys:
            raise BadPack(
                f"{self._keys[key]!r} and {sample.key!r} both get the key {key!r} in a tar, where "
                "a key ends at the first dot: rename one of them"
            )
        self._keys[key] = sample.key
        members = _members(key, sample)
        num_bytes = sum(512 + (len(data) + 511) // 512 * 512 for _, data in members)
        if self._tar is not None and (
            self._num_samples >= self._shard_samples
            or self._tar.offset + num_bytes > self._shard_bytes
        ):
            self.close_shard()
        tar = self._tar or self._open_shard()
        for name, data in members:
            header = tarfile.TarInfo(name)  # time 0, owner 0, mode 644: the same bytes every time
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
        self._num_samples += 1

    def _open_shard(self) -> tarfile.TarFile:
        path = self._folder / f"shard-{len(self.tars):06d}.tar"
        self.tars.append(path)
        self._file = path.open("xb")
        self._tar = tarfile.TarFile(
            fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8"
        )
        self._num_samples = 0
        return self._tar

    def close_shard(self) -> None:
        if self._tar is None or self._file is None:
            return
        self._tar.close()
        self.num_bytes += self._file.tell()
        self._file.close()
        sync(self.tars[-1])
        self._tar = self._file = None

    def __enter__(self) -> _ShardWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:  # given up: closing may fail again on a full disk
            with suppress(OSError):
                self._file.close()


def _tar_key(key: str) -> str:
    folder, slash, name = key.rpartition("/")
    return folder + slash + name.replace(".", "_")


def _members(key: str, sample: Sample) -> list[tuple[str, bytes | memoryview]]:
    members: list[tuple[str, bytes | memoryview]] = [(f"{key}.{_extension(sample)}", sample.data)]
    if sample.label is not None:
        members.append((f"{key}.cls", str(sample.label).encode()))
    if sample.metadata_json:
        members.append((f"{key}.json", sample.metadata_json))
    return members


def _extension(sample: Sample) -> str:
    if sample.info is not None and sample.info.format in EXTENSIONS:
        return EXTENSIONS[sample.info.format]
    head = bytes(sample.data[:16])
    if head[4:8] == b"ftyp":
        return "avif" if head[8:12] in (b"avif", b"avis") else "heic"
    return next((kind for start, kind in _FIRST_BYTES if head.startswith(start)), "jpg")
