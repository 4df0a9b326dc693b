"""Decoders as Python calls them: fastpass, simplejpeg, Pillow, one image per call."""

from __future__ import annotations

import io
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

import fastpass as fp
from benchmarks.decode_work import Job, Work


class PythonDecode(ABC):
    """What the peers share: the timed loop, and the digest of the pixels wanted."""

    name: str

    @abstractmethod
    def decode(self, job: Job) -> Any:
        """The pixels as the decoder hands them over."""

    def does(self, work: Work) -> bool:
        return True

    def seconds(self, jobs: Sequence[Job]) -> float:
        begin = time.thread_time()
        for job in jobs:
            self.decode(job)
        return time.thread_time() - begin

    def digests(self, jobs: Sequence[Job]) -> list[int]:
        import xxhash

        found = []
        for job in jobs:
            pixels = np.asarray(self.decode(job))
            found.append(xxhash.xxh64_intdigest(np.ascontiguousarray(pixels).tobytes()))
        return found


class FastpassCall(PythonDecode):
    """The public function; every call makes an array."""

    how = "decode_jpeg, new array"

    def __init__(self, backend: str) -> None:
        self.name = f"fastpass.decode_jpeg {backend}"
        self.backend = backend

    def decode(self, job: Job) -> Any:
        return fp.decode_jpeg(
            job.photo.data,
            backend=self.backend,
            crop=job.box,
            scale_denominator=job.scale_denominator,
        )


class SimplejpegPeer(PythonDecode):
    """Whole images into one buffer; a box is a view of it."""

    name = "simplejpeg"
    how = "decode_jpeg, output reused"

    def __init__(self) -> None:
        import simplejpeg

        self._decode = simplejpeg.decode_jpeg
        self._buffer = np.empty(0, np.uint8)

    def decode(self, job: Job) -> Any:
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


class PillowPeer(PythonDecode):
    """Its own scaling (draft mode) and crop; pixels stay in its four-byte layout."""

    name = "Pillow"
    how = "Image.open, load"

    def decode(self, job: Job) -> Any:
        from PIL import Image

        image = Image.open(io.BytesIO(job.photo.data))
        height, width = job.full_size
        if job.scale_denominator != 1:
            image.draft("RGB", (width // job.scale_denominator, height // job.scale_denominator))
        if job.box is None:
            image.load()
            return image
        box = job.box
        return image.crop((box.left, box.top, box.left + box.width, box.top + box.height))
