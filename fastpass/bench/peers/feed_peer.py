"""What every loader in the feed benchmark gets and offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fastpass.augment import Recipe
from fastpass.bench.peers.photos import Photos


@dataclass(frozen=True)
class FeedJob:
    """threads: decoding threads or worker processes. scratch: a folder that a peer may fill.

    modes: of our loader; reads: how our loader reads, None where that is not asked; backends: of
    our loader.
    """

    photos: Photos
    recipe: Recipe
    batch_size: int
    threads: int
    seed: int
    scratch: Path
    modes: tuple[str, ...] = ("fast", "exact")
    reads: tuple[str, ...] | None = None
    backends: tuple[str, ...] = ("native",)


class FeedPeer(Protocol):
    """A loader under test.

    Where a peer offers itself in several variants (same name, another ``how``), the fastest of
    them is compared with.
    """

    name: str
    how: str  # one line: what it does, for the table

    def batches(self) -> Iterator[Sequence[Any]]:
        """Endless batches: one normalized float32 tensor [N, 3, size, size] per view.

        Closing the generator stops every worker.
        """
        ...

    def paths(self) -> Sequence[Path]:
        """The files it reads."""
        ...
