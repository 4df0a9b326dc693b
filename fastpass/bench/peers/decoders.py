"""Decoders as Python calls them, one image per call: fastpass, simplejpeg, Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from fastpass.bench.peers.decode_peer import DecodeJob
from fastpass.decode import decode_jpeg


class FastpassDecode:
    """The public function. ``indexed``: regions with the seek index of the photo."""

    how = "decode_jpeg, new array"

    def __init__(self, name: str, backend: str, *, indexed: bool = False) -> None:
        self.name = name
        self._backend, self._indexed = backend, indexed

    def decode(self, job: DecodeJob) -> Any:
        # A whole image gains nothing from its index, which would be checked first.
        is_wanted = self._indexed and job.box is not None
        return decode_jpeg(
            job.photo.data,
            backend=self._backend,
            crop=job.box,
            scale_denominator=job.scale_denominator,
            index=job.photo.index if is_wanted else None,
        )


class SimplejpegDecode:
    """Whole images into one buffer; a box is a view of it, valid until the next call."""

    name = "simplejpeg"
    how = "decode_jpeg, output reused"

    def __init__(self) -> None:
        import simplejpeg

        self._decode = simplejpeg.decode_jpeg
        self._buffer = np.empty(0, np.uint8)

    def decode(self, job: DecodeJob) -> Any:
        height, width = job.full_size
        if self._buffer.size < 3 * height * width:
            self._buffer = np.empty(3 * height * width, np.uint8)
        # min_factor alone would allow a factor above the one wanted.
        scaled = [-(-side // job.scale_denominator) for side in (height, width)]
        pixels = self._decode(
            job.photo.data, "RGB", min_height=scaled[0], min_width=scaled[1],
            min_factor=job.scale_denominator, buffer=self._buffer,
        )  # fmt: skip
        if job.box is None:
            return pixels
        box = job.box
        return pixels[box.top : box.top + box.height, box.left : box.left + box.width]


class PillowDecode:
    """Its own scaling (draft mode) and crop; pixels stay in its four-byte layout."""

    name = "Pillow"
    how = "Image.open, load"

    def decode(self, job: DecodeJob) -> Any:
        from PIL import Image

        image: Image.Image = Image.open(io.BytesIO(job.photo.data))
        height, width = job.full_size
        if job.scale_denominator != 1:
            image.draft("RGB", (width // job.scale_denominator, height // job.scale_denominator))
        image.load()
        if image.mode != "RGB":  # convert would copy
            image = image.convert("RGB")
        if job.box is None:
            return image
        box = job.box
        return image.crop((box.left, box.top, box.left + box.width, box.top + box.height))
