"""Small public records shared by the stages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from fastpass.errors import BadPack


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the headers of an encoded image say."""

    format: Literal["jpeg", "png", "webp", "bmp", "gif", "tiff", "avif", "heic"]
    width: int  # pixels, before EXIF rotation
    height: int
    num_components: int
    subsampling: str  # "4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1", "4:1:0", "other", "none"
    is_progressive: bool
    exif_orientation: int  # 1..8


@dataclass(frozen=True, eq=False)
class Sample:
    """One image of a pack, encoded, with what is known about it."""

    sample_id: int  # stable: a hash of the key alone, 0..2^63-1
    key: str
    data: memoryview  # read-only, uint8 [num_bytes]; keeps the file it points into open
    info: ImageInfo | None  # None where the image header is damaged
    label: int | None
    place: str  # for messages: file, key, byte offset
    metadata_json: memoryview = field(repr=False)  # as stored; empty where there is none
    # For decode_jpeg(data, index=...). None where the pack holds none: a folder, a tar without an
    # index or with one that was made without them, and files that build_seek_index gives none.
    seek_index: memoryview | None = field(default=None, repr=False)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The sample's JSON object, parsed on first use; ``{}`` where it has none.

        Raises ``BadPack`` when it is not a JSON object.
        """
        if not self.metadata_json:
            return {}
        try:
            metadata = json.loads(bytes(self.metadata_json))
        except (ValueError, RecursionError) as error:
            raise BadPack(f"{self.place}: the metadata are no JSON: {error}") from error
        if not isinstance(metadata, dict):
            kind = type(metadata).__name__
            raise BadPack(f"{self.place}: the metadata are no JSON object, but a {kind}")
        return metadata


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
