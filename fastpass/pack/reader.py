"""Samples by position, from folders and tar shards, without rewriting a byte."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.errors import Closed, FastpassError
from fastpass.pack.sources import Source, expand
from fastpass.types import ImageInfo, Sample


def _text(name: bytes) -> str:
    # File names need not be UTF-8; this is how Python itself spells such names.
    return name.decode("utf-8", "surrogateescape")


class Pack:
    """All images of a source, in a fixed order.

    ``source``: a tar, a folder of tars, a folder of images, a pattern such as
    ``"shards/*.tar"``, or a sequence of these. Tars may be in WebDataset layout, in that of the
    PASS release, or hold any tree of images; docs/format.md says how keys and labels follow from
    the names. A tar with an index beside it (``fastpass index``) opens at once; without, it is
    scanned first (see ``unindexed_shards``).

    Raises ``BadPack`` for a damaged tar or index, an empty source, or a key that occurs twice;
    ``StalePack`` when a tar has changed since it was indexed; ``ReadFailed`` when the system
    refuses to read. Reading is safe from any thread.
    """

    def __init__(self, source: Source) -> None:
        self._native: Any = None
        self.paths = expand(source)
        self._native = core.PackReader([os.fsencode(path) for path in self.paths])
        self._labels: npt.NDArray[np.int64] | None = None

    @property
    def native(self) -> Any:
        """The native sample source, for loaders."""
        if self._native is None:
            raise Closed(f"the pack of {len(self.paths)} shards is closed")
        return self._native

    def __len__(self) -> int:
        return len(self.native)

    def __getitem__(self, position: int) -> Sample:
        """The sample at ``position``; negative positions count from the end."""
        native = self.native
        index = operator.index(position)
        if index < 0:
            index += len(native)
        if not 0 <= index < len(native):
            raise IndexError(f"position {position} of a pack of {len(native)} samples")
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

    @property
    def sample_ids(self) -> npt.NDArray[np.int64]:
        """int64 [N]: unique, and the same for a key wherever it is stored."""
        ids: npt.NDArray[np.int64] = self.native.sample_ids()
        return ids

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """int64 [N]; -1 where a sample has none. Read-only, made on first use."""
        native = self.native
        if self._labels is None:
            self._labels = native.labels()
            self._labels.setflags(write=False)
        return self._labels

    @property
    def shard_begins(self) -> list[int]:
        """The position of each shard's first sample, then the number of samples."""
        begins: list[int] = self.native.shard_begins()
        return begins

    @property
    def class_names(self) -> list[str] | None:
        """The folder names behind the labels, sorted; None where labels are bare numbers."""
        names = self.native.class_names()
        return None if names is None else [_text(name) for name in names]

    @property
    def num_classes(self) -> int:
        """One more than the largest label; 0 without labels."""
        names = self.native.class_names()
        return int(self.labels.max()) + 1 if names is None else len(names)

    @property
    def fingerprint(self) -> str:
        """16 hex digits over all keys and image sizes in order: equal for equal data.

        For a folder this asks the file system for the size of every file.
        """
        fingerprint: str = self.native.fingerprint()
        return fingerprint

    @property
    def unindexed_shards(self) -> list[str]:
        """The tars that had to be scanned, because no index lies beside them."""
        native = self.native
        tars = [(i, path) for i, path in enumerate(self.paths) if not os.path.isdir(path)]
        return [path for i, path in tars if not native.has_index(i)]

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

    def __reduce__(self) -> tuple[type[Pack], tuple[list[str]]]:
        # Other processes map the same files; their pages are shared.
        return Pack, (self.paths,)

    def __repr__(self) -> str:
        state = "closed" if self._native is None else f"{len(self)} samples"
        return f"<Pack of {len(self.paths)} shards, {state}>"


def _info(stored: tuple[Any, ...] | None, data: memoryview) -> ImageInfo | None:
    if stored is not None:
        return ImageInfo(*stored)
    try:
        return ImageInfo(*core.probe(data))  # not indexed, or damaged
    except FastpassError:
        return None
