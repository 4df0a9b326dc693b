"""Small public records shared by the stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the headers of an encoded image say."""

    format: Literal["jpeg", "png", "webp"]
    width: int  # pixels, before EXIF rotation
    height: int
    num_components: int
    subsampling: str  # "4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1", "4:1:0", "other", "none"
    is_progressive: bool
    exif_orientation: int  # 1..8


@dataclass(frozen=True, slots=True)
class CropBox:
    """A rectangle in source pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Backend:
    """One implementation of a stage, and whether it can be used here."""

    name: str
    stage: str
    available: bool
    reason: str  # why not, or which version is in use
