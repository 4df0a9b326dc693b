"""Which data a loader's state belongs to: noticed when they change, not when they are copied."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.common.checks import shown
from fastpass.errors import FastpassError
from fastpass.pack import Pack

# Sources up to this size are hashed whole when a loader opens: tenths of a second.
_HASHED_BYTES = 16 << 20
_NUM_GROUPS = 64
_GROUP_DIGITS = 8  # hex, per group


@dataclass(frozen=True, slots=True)
class DataState:
    """What a source held when it was opened.

    The rule: keys, order and image sizes must be equal. A source of up to 16 MiB must have equal
    bytes. In a larger one, images in folders are taken in 64 groups of neighbors, and each group
    remembers when its files were last written: if only some groups were written since, images were
    changed in place; if all were, the folder was copied. Of tars their inodes are remembered, too:
    one that was written since and is still the same file was changed in place.
    """

    fingerprint: str  # 16 hex digits over keys and image sizes
    content: str  # a hash of all bytes; empty for a large source
    written: str  # a hash per group; empty for a small source and for tars
    tars: str  # two hashes per group of tars: inodes, times; empty for a small source

    @classmethod
    def of(cls, pack: Pack) -> DataState:
        """Asks the file system about every file of a folder.

        Raises ReadFailed where one has gone since the pack was opened.
        """
        states = pack.image_states
        is_small = int(states[:, 0].sum()) <= _HASHED_BYTES
        return cls(
            fingerprint=pack.fingerprint,
            content=_content_hash(pack) if is_small else "",
            written="" if is_small else _folder_hashes(pack, states),
            tars="" if is_small else _tar_hashes(pack, states),
        )

    def to_dict(self) -> dict[str, str]:
        return asdict(self)

    def difference(self, saved: Mapping[str, Any]) -> str | None:
        """What was changed since ``saved`` (a ``to_dict``; older ones lack some); None: nothing."""
        if saved["fingerprint"] != self.fingerprint:
            return f"fingerprint (saved {shown(saved['fingerprint'])}, here {self.fingerprint!r})"
        content = saved.get("content") or self.content
        if content != self.content:
            return (
                f"content (saved {shown(content)}, here {self.content!r}): images were edited since"
            )
        changed, count = _changed_groups(saved.get("written") or self.written, self.written)
        if 0 < changed < count:
            return (
                f"written ({changed} of {count} groups of images have files that were written "
                "since, to the same size; if you know that the images are the same, remove "
                "'written' from the state)"
            )
        if changed := _tars_changed_in_place(saved.get("tars") or self.tars, self.tars):
            return (
                f"tars ({changed} of {len(self.tars) // (2 * _GROUP_DIGITS)} groups of tars have "
                "some that were written since; if you know that the images are the same, remove "
                "'tars' from the state)"
            )
        return None


def _content_hash(pack: Pack) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for position in range(len(pack)):
        try:
            data = pack[position].data
        except FastpassError as error:  # whoever reads the sample hears of it
            data = memoryview(type(error).__name__.encode())
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def _folder_hashes(pack: Pack, states: npt.NDArray[np.int64]) -> str:
    """Of the times at which the files of image folders were written."""
    times = states[:, 1]
    in_folders = [times[begin:end] for begin, end in _spans(pack, of_folders=True)]
    return "".join(_hash(group) for group in _groups(np.concatenate([times[:0], *in_folders])))


def _tar_hashes(pack: Pack, states: npt.NDArray[np.int64]) -> str:
    tars = states[[begin for begin, end in _spans(pack, of_folders=False) if begin < end], 1:]
    return "".join(_hash(group[:, 1]) + _hash(group[:, 0]) for group in _groups(tars) if len(group))


def _spans(pack: Pack, *, of_folders: bool) -> list[tuple[int, int]]:
    """First position and end of each image folder, or of each tar."""
    spans = itertools.pairwise(pack.shard_begins)
    parts = zip(pack.paths, spans, strict=True)
    return [span for path, span in parts if os.path.isdir(path) == of_folders]


def _groups(values: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return np.array_split(values, min(_NUM_GROUPS, max(1, len(values))))


def _hash(values: npt.NDArray[np.int64]) -> str:
    return hashlib.blake2b(values.tobytes(), digest_size=_GROUP_DIGITS // 2).hexdigest()


def _changed_groups(saved: str, here: str) -> tuple[int, int]:
    """How many groups differ, and how many there are."""
    pairs = list(zip(_split(saved), _split(here), strict=False))
    return sum(then != now for then, now in pairs), len(pairs)


def _tars_changed_in_place(saved: str, here: str) -> int:
    """In how many groups the files are the same, but were written since."""
    then, now = _split(saved), _split(here)
    inodes = zip(then[::2], now[::2], strict=False)
    times = zip(then[1::2], now[1::2], strict=False)
    return sum(
        same[0] == same[1] and when[0] != when[1] for same, when in zip(inodes, times, strict=True)
    )


def _split(hashes: str) -> list[str]:
    return [hashes[i : i + _GROUP_DIGITS] for i in range(0, len(hashes), _GROUP_DIGITS)]
