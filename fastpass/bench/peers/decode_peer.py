"""What every decoder in the decode benchmarks gets and offers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from fastpass.types import CropBox, ImageInfo


@dataclass(frozen=True)
class Photo:
    """A JPEG in memory; index is its seek index, None where its kind gets none."""

    data: bytes
    info: ImageInfo
    index: bytes | None


@dataclass(frozen=True)
class DecodeJob:
    """One decode; box None is the whole image. A box is in pixels of the scaled image."""

    photo: Photo
    box: CropBox | None = None
    scale_denominator: int = 1

    @property
    def num_pixels(self) -> int:
        """Pixels of the result."""
        if self.box is not None:
            return self.box.height * self.box.width
        scaled = (-(-side // self.scale_denominator) for side in self.full_size)
        return math.prod(scaled)

    @property
    def full_size(self) -> tuple[int, int]:
        """(height, width) in the file."""
        return self.photo.info.height, self.photo.info.width


class DecodePeer(Protocol):
    """A decoder under test. Making one may fail with ImportError: it is then left out."""

    name: str
    how: str  # one line for the table

    def decode(self, job: DecodeJob) -> Any:
        """RGB pixels as the decoder hands them over: an array [H, W, 3] or a Pillow image."""
        ...
