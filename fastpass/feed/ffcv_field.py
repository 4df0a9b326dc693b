"""The field of a .beton that keeps encoded images as they are, each with its seek index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from ffcv.fields.base import ARG_TYPE, Field

from fastpass.decode.seek_index import build_seek_index
from fastpass.errors import BadArgument
from fastpass.pack.beton_format import FIELD_TYPE, field_arguments


class FastpassField(Field):  # type: ignore[misc]
    """Images as they were found: FFCV's own field encodes them again, or stores their pixels.

    ``ffcv.loader.Loader(..., custom_fields={"image": FastpassField})`` reads it. Files are written
    by ``fastpass pack --to beton``, or by FFCV's DatasetWriter: a sample's value is then the
    encoded image (bytes, or uint8 [N]), or a pair (encoded image, key). The key decides the
    sample's id, from which its views are drawn; without one that is its row.
    """

    @property
    def metadata_type(self) -> np.dtype[Any]:
        return FIELD_TYPE

    @staticmethod
    def from_binary(binary: npt.NDArray[np.uint8]) -> FastpassField:
        return FastpassField()

    def to_binary(self) -> Any:
        arguments = np.zeros(1, dtype=ARG_TYPE)
        arguments.view(np.uint8)[:] = np.frombuffer(field_arguments(), np.uint8)
        return arguments[0]

    def encode(
        self,
        destination: npt.NDArray[Any],
        value: Any,
        malloc: Callable[[int], tuple[int, npt.NDArray[np.uint8]]],
    ) -> None:
        """Called by FFCV's DatasetWriter. Raises BadArgument for what is no encoded image."""
        image, key = value if isinstance(value, tuple) else (value, None)
        try:
            encoded = bytes(memoryview(image).cast("B"))
        except TypeError as error:
            kind = type(image).__name__
            raise BadArgument(
                f"a sample of FastpassField is a {kind}, wanted the bytes of an encoded image"
            ) from error
        seek_index = build_seek_index(encoded)
        name = b"" if key is None else str(key).encode("utf-8", "surrogateescape")
        parts = (encoded, seek_index, name)
        pointer, memory = malloc(sum(map(len, parts)))
        memory[:] = np.frombuffer(b"".join(parts), np.uint8)
        destination["ptr"] = pointer
        for column, part in zip(("image_bytes", "seek_bytes", "key_bytes"), parts, strict=True):
            destination[column] = len(part)

    def get_decoder_class(self) -> type:
        from fastpass.feed.ffcv_operations import MultiCropDecoder

        return MultiCropDecoder
