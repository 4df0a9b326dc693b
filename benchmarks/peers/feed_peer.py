"""What every loader in the feed benchmark offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class FeedJob:
    """files: JPEGs, all below ``folder``. threads: decoding threads or worker processes."""

    folder: Path
    files: Sequence[Path]
    batch_size: int
    threads: int
    seed: int


class FeedPeer(Protocol):
    """A loader under test. Making one may fail with ImportError: the peer is then left out."""

    name: str
    how: str  # one line: what it does, for the table

    def __init__(self, job: FeedJob) -> None: ...

    def batches(self) -> Iterator[Sequence[Any]]:
        """Endless batches of ten normalized float32 tensors: 2 x [N, 3, 224, 224], 8 x 96 px.

        Closing the generator stops every worker.
        """
        ...


# The multi-crop of the DINO recipe, from the defaults of the reference implementation.
GLOBAL_SIZE, GLOBAL_SCALE = 224, (0.4, 1.0)
LOCAL_SIZE, LOCAL_SCALE, NUM_LOCAL = 96, (0.05, 0.4), 8
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
