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
    changed in place; if all were, the folder was copied.
    """

    fingerprint: str  # 16 hex digits over keys and image sizes
    content: str  # a hash of all bytes; empty for a large source
    written: str  # a hash per group; empty for a small source and for tars

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
            written="" if is_small else _group_hashes(pack, states[:, 1]),
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


def _group_hashes(pack: Pack, times: npt.NDArray[np.int64]) -> str:
    """Of the times at which the files of image folders were written; ``times``: of all images."""
    ends = itertools.pairwise(pack.shard_begins)
    in_folders = [
        times[begin:end]
        for path, (begin, end) in zip(pack.paths, ends, strict=True)
        if os.path.isdir(path)
    ]
    counted = np.concatenate([times[:0], *in_folders])
    groups = np.array_split(counted, min(_NUM_GROUPS, max(1, len(counted))))
    return "".join(
        hashlib.blake2b(group.tobytes(), digest_size=_GROUP_DIGITS // 2).hexdigest()
        for group in groups
    )


def _changed_groups(saved: str, here: str) -> tuple[int, int]:
    """How many groups differ, and how many there are."""
    starts = range(0, len(here), _GROUP_DIGITS)
    changed = sum(saved[i : i + _GROUP_DIGITS] != here[i : i + _GROUP_DIGITS] for i in starts)
    return changed, len(starts)
