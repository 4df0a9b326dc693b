"""Samples by position, from folders and tar shards, without rewriting a byte."""

from __future__ import annotations

import logging
import operator
import os
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_choice
from fastpass.errors import BadArgument, Closed, FastpassError
from fastpass.pack.chosen import choose_samples
from fastpass.pack.classes import ClassToIdx, names_by_label
from fastpass.pack.found import LAYOUT_NAMES, Skipped, gather, summary_text
from fastpass.pack.index import index_path
from fastpass.pack.labels import settle_labels, warn_of_odd_classes
from fastpass.pack.options import (
    Classes,
    IndexUse,
    KeyRule,
    Layout,
    PackOptions,
    pack_options,
)
from fastpass.pack.sources import Part, PathLike, Source, find_parts, shard_names
from fastpass.types import ImageInfo, Sample

_SHOWN = 3  # of many names in a message
_log = logging.getLogger("fastpass")


def _text(name: bytes) -> str:
    # File names need not be UTF-8; this is how Python itself spells such names.
    return name.decode("utf-8", "surrogateescape")


class Pack:
    """All images of a source, in a fixed order.

    ``docs/pack.md`` has the whole rule: which files are images, and how layout, keys and labels
    follow from their names. ``summary`` says in a line what was found; the logger "fastpass" gets
    it at level INFO.

    Args:
        source: a tar, a folder of tars, a folder of images, a pattern such as ``"shards/*.tar"`` or
            ``"shard-{000..127}.tar"``, or a list of these.
        layout: "tars", "webdataset", "image_folder", "pass" or "folder"; default: the files decide.
        image: the field with the image where a sample has several, ``"input.jpg"``; the first that
            is there of ``"jpg;png"``.
        label: where labels come from: a field (``"cls"``, ``"txt"``; texts name classes),
            ``"json:class_id"``, or "none". Default: ``.cls`` fields, else class folders.
        keys: "first_dot" or "last_dot": where a key ends in the name of a file.
        classes: fixes the labels of class names: a list, a dict, a ``classes.json``, or a Pack.
        keep: the keys to use, a list or a file of them (``read_keep_list``); the order stays that
            of the source.
        index: of tars. "auto": what ``fastpass index`` wrote, else the tar is scanned. "memory":
            made anew in memory, with seek indexes (reads every tar once). "ignore": tars are
            scanned.
        index_dir: where ``fastpass index --index-dir`` wrote the indexes.

    Raises ``BadPack`` for a damaged tar or index, an empty source, a source that can be read in two
    ways, or a class or a key that is not there; ``StalePack`` when a tar has changed since it was
    indexed; ``ReadFailed`` when the system refuses to read. Reading is safe from any thread. A Pack
    can be pickled: the other process opens the same files.
    """

    def __init__(
        self,
        source: Source,
        *,
        layout: Layout | None = None,
        image: str | None = None,
        label: str | None = None,
        keys: KeyRule | None = None,
        classes: Classes | None = None,
        keep: Iterable[str] | PathLike | None = None,
        index: IndexUse = "auto",
        index_dir: PathLike | None = None,
    ) -> None:
        self._native: Any = None
        options = pack_options(
            layout=layout,
            image=image,
            label=label,
            keys=keys,
            classes=classes,
            keep=keep,
            index=index,
            index_dir=index_dir,
        )
        self._open(find_parts(source, layout), options)
        _log.info("%s: %s", self.paths[0], self.summary)
        if self._class_to_idx is not None and keep is None:
            warn_of_odd_classes(self.paths[0], self._class_to_idx, self.labels)

    def _open(self, parts: list[Part], options: PackOptions) -> None:
        self.paths = [part.path for part in parts]
        self._parts, self._options = parts, options
        native = _open_native(parts, options)
        self._shards = [native.describe_shard(i) for i in range(len(parts))]
        self._labels: npt.NDArray[np.int64] | None = None
        self._positions: dict[str, int] | None = None
        self._class_to_idx = settle_labels(native, self.paths, options)
        self._heic, chosen = choose_samples(native, self._shards, options)
        if chosen is not None:
            native.select(chosen)
        self._native = native

    @property
    def native(self) -> Any:
        """The native sample source, for loaders."""
        if self._native is None:
            raise Closed(f"the pack of {len(self.paths)} shards is closed")
        return self._native

    # ---- samples ----------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.native)

    @overload
    def __getitem__(self, position: slice) -> list[Sample]: ...
    @overload
    def __getitem__(self, position: int) -> Sample: ...
    def __getitem__(self, position: int | slice) -> Sample | list[Sample]:
        """The sample at ``position``, or a list of those in a slice; negative ones as in lists."""
        if isinstance(position, slice):
            return [self._sample(i) for i in range(*position.indices(len(self)))]
        try:
            index = operator.index(position)
        except TypeError as error:
            kind = type(position).__name__
            raise TypeError(
                f"a position in a pack is an integer or a slice, not a {kind}; "
                "Pack.index(key) finds the position of a key"
            ) from error
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"position {position} of a pack of {size} samples")
        return self._sample(index % size)

    def _sample(self, index: int) -> Sample:
        native = self.native
        label = native.label(index)
        fetched = native.fetch(index)
        data = memoryview(fetched)
        return Sample(
            sample_id=native.sample_id(index),
            key=_text(native.key(index)),
            data=data,
            info=_info(native.info(index), data),
            label=None if label < 0 else label,
            place=native.describe(index),
            metadata_json=memoryview(native.fetch_metadata(index)),
            seek_index=None if fetched.seek_index is None else memoryview(fetched.seek_index),
        )

    def __iter__(self) -> Iterator[Sample]:
        return (self[position] for position in range(len(self)))

    def __reversed__(self) -> Iterator[Sample]:
        return (self[position] for position in reversed(range(len(self))))

    def __contains__(self, key: object) -> bool:
        """Whether there is a sample with this key; or this very sample."""
        if isinstance(key, Sample):
            found = self._position_of_key().get(key.key)
            return found is not None and self.native.sample_id(found) == key.sample_id
        return isinstance(key, str) and key in self._position_of_key()

    def index(self, key: str) -> int:
        """The position of the sample with this key. Raises ``BadArgument`` where there is none."""
        try:
            return self._position_of_key()[key]
        except (KeyError, TypeError) as error:
            raise BadArgument(f"no sample of this pack has the key {key!r}") from error

    def _position_of_key(self) -> dict[str, int]:
        if self._positions is None:
            self._positions = {key: i for i, key in enumerate(self.sample_keys)}
        return self._positions

    @property
    def sample_keys(self) -> list[str]:
        """The keys in order; each occurs once."""
        return [_text(key) for key in self.native.all_keys()]

    @property
    def sample_ids(self) -> npt.NDArray[np.int64]:
        """int64 [N]: unique, and the same for a key wherever it is stored."""
        ids: npt.NDArray[np.int64] = self.native.sample_ids()
        return ids

    # ---- labels -----------------------------------------------------------------------------

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """int64 [N]; -1 where a sample has none. Read-only, made on first use."""
        native = self.native
        if self._labels is None:
            self._labels = native.labels()
            self._labels.setflags(write=False)
        return self._labels

    @property
    def class_to_idx(self) -> ClassToIdx | None:
        """The label of each class name, in the order of labels; None where labels are bare
        numbers or there are none."""
        return None if self._class_to_idx is None else dict(self._class_to_idx)

    @property
    def class_names(self) -> list[str] | None:
        """The names by label ("" for a label without one); None as for ``class_to_idx``."""
        return None if self._class_to_idx is None else names_by_label(self._class_to_idx)

    @property
    def num_classes(self) -> int:
        """One more than the largest label; 0 without labels."""
        if self._class_to_idx is not None:
            return max(self._class_to_idx.values()) + 1
        return int(np.max(self.labels, initial=-1)) + 1

    # ---- what was found ---------------------------------------------------------------------

    @property
    def layout(self) -> str:
        """ "image_folder", "folder", "webdataset" or "pass"; "mixed" where shards differ."""
        layouts = {LAYOUT_NAMES[shard["layout"]] for shard in self._shards}
        return layouts.pop() if len(layouts) == 1 else "mixed"

    @property
    def summary(self) -> str:
        """One line: what the source is, how much is in it, and what is left out."""
        return summary_text(
            [LAYOUT_NAMES[shard["layout"]] for shard in self._shards],
            sum(not os.path.isdir(path) for path in self.paths),
            len(self),
            self.num_classes,
            self.skipped_files,
        )

    def _skipped(self) -> dict[str, Skipped]:
        left_out = [shard["left_out"] for shard in self._shards]
        return gather(self._parts, left_out, self._heic, max_examples=5)

    @property
    def skipped_files(self) -> dict[str, int]:
        """How many files of the source are not read, by reason (docs/pack.md lists them)."""
        return {reason: skipped.count for reason, skipped in self._skipped().items()}

    @property
    def skipped_examples(self) -> dict[str, list[str]]:
        """Up to five paths for each reason of ``skipped_files``; see ``list_skipped_files``."""
        return {reason: skipped.examples for reason, skipped in self._skipped().items()}

    def list_skipped_files(self) -> dict[str, list[str]]:
        """All paths for each reason of ``skipped_files``, below the folder or in the tar.

        Reads the names in the source again. Raises ``ReadFailed`` and ``BadPack`` as opening does.
        """
        native = _open_native(self._parts, self._options, lists_left_out=True)
        left_out = [native.describe_shard(i)["left_out"] for i in range(len(self._parts))]
        found = gather(self._parts, left_out, self._heic)
        return {reason: skipped.examples for reason, skipped in found.items()}

    @property
    def shard_begins(self) -> list[int]:
        """The position of each shard's first sample, then the number of samples."""
        begins: list[int] = self.native.shard_begins()
        return begins

    @property
    def fingerprint(self) -> str:
        """16 hex digits over all keys and image sizes in order: equal for equal data.

        It survives copying, and does not notice an image that was changed to the same size:
        ``fingerprint_of`` has stricter kinds. For a folder this asks the file system for the size
        of every file.
        """
        return self.fingerprint_of("sizes")

    def fingerprint_of(self, kind: Literal["sizes", "times", "content"]) -> str:
        """16 hex digits over all keys, in order, and more.

        "sizes": the sizes of images. "times": also when each file was last written, so a copy
        counts as other data. "content": sizes and a hash of the first, the middle and the last
        4,096 bytes of each image, wherever it lies; reads them all.

        Raises ``ReadFailed`` where a file has gone.
        """
        require_choice("kind", kind, ("sizes", "times", "content"))
        fingerprint: str = self.native.fingerprint(kind)
        return fingerprint

    @property
    def image_states(self) -> npt.NDArray[np.int64]:
        """int64 [N, 3]: bytes of the image; when its file was last written, in nanoseconds since
        1970; inode of the file (in a tar, both are the tar's). Raises ``ReadFailed``."""
        states: npt.NDArray[np.int64] = self.native.image_states()
        return states

    @property
    def unindexed_shards(self) -> list[str]:
        """The tars that had to be scanned, because there is no index for them."""
        tars = [(i, path) for i, path in enumerate(self.paths) if not os.path.isdir(path)]
        return [path for i, path in tars if not self._shards[i]["has_index"]]

    # ---- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the files. Samples that are still held stay readable."""
        self._native = None

    def __enter__(self) -> Pack:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        # Other processes map the same files; their pages are shared.
        parts = [
            Part(os.path.abspath(part.path), part.layout, part.left_out) for part in self._parts
        ]
        return _reopen, (type(self), parts, self._options, self._native is None)

    def __repr__(self) -> str:
        state = "closed" if self._native is None else f"{len(self)} samples"
        return f"<Pack of {len(self.paths)} shards, {state}>"


def _reopen(kind: type[Pack], parts: list[Part], options: PackOptions, is_closed: bool) -> Pack:
    pack = kind.__new__(kind)
    pack._native = None
    pack._open(parts, options)
    if is_closed:
        pack.close()
    return pack


def _open_native(parts: list[Part], options: PackOptions, *, lists_left_out: bool = False) -> Any:
    paths = [part.path for part in parts]
    is_auto = options.index == "auto"
    indexes = [index_path(path, options.index_dir) if is_auto else "" for path in paths]
    layouts = {part.layout for part in parts}
    return core.PackReader(
        [os.fsencode(path) for path in paths],
        index_paths=[os.fsencode(path) for path in indexes],
        names=[os.fsencode(name) for name in shard_names(paths)],
        layout=layouts.pop() if len(layouts) == 1 else "",
        keys=options.keys or "",
        image_fields=list(options.image),
        label_field=options.label_field,
        builds_indexes=options.index == "memory" and not lists_left_out,
        lists_left_out=lists_left_out,
    )


def _info(stored: tuple[Any, ...] | None, data: memoryview) -> ImageInfo | None:
    if stored is not None:
        return ImageInfo(*stored)
    try:
        return ImageInfo(*core.probe(data))  # not indexed, or damaged
    except FastpassError:
        return None
