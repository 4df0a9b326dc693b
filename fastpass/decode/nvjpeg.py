"""Backend "nvjpeg": NVIDIA's decoder, for batches of JPEGs, straight into torch's memory.

Its pixels are its own: chroma is upsampled differently from libjpeg-turbo, and damaged data may
pass unnoticed. The decoding engines of the GPU (A100, H100, H200, ...) take what they can, baseline
files of one scan; kernels of nvJPEG take the rest.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Sequence
from ctypes import POINTER, byref, c_int, c_size_t, c_ubyte, c_uint, c_void_p
from typing import Any, Literal

import numpy as np

from fastpass._native import core
from fastpass.decode import nvjpeg_library as nv
from fastpass.decode.probe import probe
from fastpass.errors import (
    CorruptImage,
    DeviceFailed,
    FastpassError,
    ImageTooLarge,
    UnsupportedImage,
)
from fastpass.types import CropBox

NvJpegBackend = Literal["auto", "hardware", "gpu_hybrid", "hybrid"]


class NvJpegDecoder:
    """One thread's handle on nvJPEG and a GPU.

    Args:
        backend: "hardware" (the decoding engines), "gpu_hybrid" (Huffman decoding on the GPU for
            batches above 50 images), "hybrid" (on the CPU), or "auto": the engines where the GPU
            has them and for the files they take, else "gpu_hybrid".

    Raises:
        MissingBackend: no libnvjpeg.
        DeviceFailed: it refuses this machine: no GPU, or no engines (in containers they are
            hidden unless NVIDIA_DRIVER_CAPABILITIES has "video").
    """

    def __init__(self, backend: NvJpegBackend = "auto") -> None:
        self.num_engines, self.cores_per_engine = 0, 0
        self._hardware: _Handle | None = None
        self._kernels: _Handle | None = None
        if backend in ("auto", "hardware"):
            self._hardware = self._open_hardware(must=backend == "hardware")
        if backend != "hardware":
            self._kernels = _Handle("hybrid" if backend == "hybrid" else "gpu_hybrid")

    def _open_hardware(self, *, must: bool) -> _Handle | None:
        try:
            handle = _Handle("hardware")
            self.num_engines, self.cores_per_engine = handle.engines()
        except DeviceFailed:
            if must:
                raise
            return None
        return handle if must or self.num_engines > 0 else None

    def decode(self, batch: Sequence[memoryview], outputs: Sequence[Any]) -> None:
        """Decode every image into its tensor, on torch's current stream of its GPU; waits for it.

        Args:
            batch: encoded JPEGs, uint8, contiguous.
            outputs: CUDA tensors of one GPU, uint8 ``[height, width, 3]``, contiguous.

        Raises:
            CorruptImage, UnsupportedImage: of the first image that nvJPEG refuses; the others'
                tensors are undefined then.
        """
        import torch

        if not batch:
            return
        stream = torch.cuda.current_stream(outputs[0].device)
        try:
            self._queue(batch, outputs, stream)
        finally:
            stream.synchronize()  # until here nvJPEG may read the bytes, refused or not

    def _queue(self, batch: Sequence[memoryview], outputs: Sequence[Any], stream: Any) -> None:
        views = [np.frombuffer(data, dtype=np.uint8) for data in batch]
        fits = [self._is_for_hardware(view) for view in views]
        for handle, chosen in ((self._hardware, True), (self._kernels, False)):
            rows = [i for i, fit in enumerate(fits) if fit == chosen]
            if not rows:
                continue
            status, failed = nv.NOT_SUPPORTED, 0
            if handle is not None:
                status, failed = handle.decode(
                    [views[i] for i in rows], [outputs[i] for i in rows], stream
                )
            if status != 0:
                raise _refusal(f"image {rows[failed]} of {len(batch)}", status)

    def _is_for_hardware(self, data: Any) -> bool:
        return self._hardware is not None and self._hardware.supports(data)


class _Handle:
    """An nvjpegHandle_t of one implementation, with its decoding state and parser."""

    def __init__(self, name: str) -> None:
        self._library = library = nv.library()
        self.handle, self._state, self._stream = c_void_p(), c_void_p(), c_void_p()
        doing = f"starting nvJPEG ({name})"
        nv.check(
            library.nvjpegCreateEx(nv.BACKENDS[name], None, None, 0, byref(self.handle)), doing
        )
        self._finalizer = weakref.finalize(self, library.nvjpegDestroy, self.handle)
        nv.check(library.nvjpegJpegStateCreate(self.handle, byref(self._state)), doing)
        nv.check(library.nvjpegJpegStreamCreate(self.handle, byref(self._stream)), doing)
        # In the order in which finalizers run: the last one made comes first.
        self._finalizers = [
            weakref.finalize(self, library.nvjpegJpegStateDestroy, self._state),
            weakref.finalize(self, library.nvjpegJpegStreamDestroy, self._stream),
        ]

    def engines(self) -> tuple[int, int]:
        """Decoding engines of the GPU, and cores per engine."""
        engines, cores = c_uint(), c_uint()
        nv.check(
            self._library.nvjpegGetHardwareDecoderInfo(self.handle, byref(engines), byref(cores)),
            "asking nvJPEG for its decoding engines",
        )
        return engines.value, cores.value

    def supports(self, data: Any) -> bool:
        """Whether a batch may hold this file."""
        parsed = self._library.nvjpegJpegStreamParseHeader(
            self.handle, _pointer(data), data.size, self._stream
        )
        verdict = c_int(-1)
        if parsed != 0:
            return False
        self._library.nvjpegDecodeBatchedSupported(self.handle, self._stream, byref(verdict))
        return verdict.value == 0

    def decode(self, batch: list[Any], outputs: list[Any], stream: Any) -> tuple[int, int]:
        """The first status that is not 0, or 0, and whose it is."""
        count = len(batch)
        images = (nv.Image * count)(*map(_image, outputs))
        queue = c_void_p(stream.cuda_stream)
        status = self._library.nvjpegDecodeBatchedInitialize(
            self.handle, self._state, count, 1, nv.OUTPUT_RGB_INTERLEAVED
        ) or self._library.nvjpegDecodeBatched(
            self.handle,
            self._state,
            (POINTER(c_ubyte) * count)(*map(_pointer, batch)),
            (c_size_t * count)(*(data.size for data in batch)),
            images,
            queue,
        )
        if status == 0:
            return 0, 0
        # What a batch fails on, nvJPEG does not say; and one by one it takes more kinds of files.
        for i, data in enumerate(batch):
            status = self._library.nvjpegDecode(
                self.handle,
                self._state,
                _pointer(data),
                data.size,
                nv.OUTPUT_RGB_INTERLEAVED,
                byref(images[i]),
                queue,
            )
            if status != 0:
                return status, i
        return 0, 0


def _pointer(data: Any) -> Any:
    return data.ctypes.data_as(POINTER(c_ubyte))


def _image(tensor: Any) -> nv.Image:
    image = nv.Image()
    image.channel[0] = tensor.data_ptr()
    image.pitch[0] = 3 * tensor.shape[1]
    return image


def _refusal(place: str, status: int) -> FastpassError:
    kinds: dict[int, type[FastpassError]] = {
        nv.BAD_JPEG: CorruptImage,
        nv.INCOMPLETE: CorruptImage,
        nv.NOT_SUPPORTED: UnsupportedImage,
    }
    return kinds.get(status, DeviceFailed)(f"{place}: nvJPEG says {nv.status_name(status)}")


@functools.cache
def _decoder(device: int, backend: NvJpegBackend) -> NvJpegDecoder:
    """One per GPU: making one takes long. ``device`` is current when this is called."""
    return NvJpegDecoder(backend)


def decode_batch(
    batch: Sequence[memoryview],
    *,
    crop: CropBox | None = None,
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    backend: NvJpegBackend = "auto",
) -> list[Any]:
    """The images of a batch as CUDA tensors, uint8 ``[height, width, 3]``, on the current device.

    A crop is cut from the whole image after it was decoded.

    Raises:
        CorruptImage, UnsupportedImage, ImageTooLarge: naming the image's position.
        MissingBackend, DeviceFailed: see :class:`NvJpegDecoder`.
    """
    import torch

    decoder = _decoder(torch.cuda.current_device(), backend)
    outputs = []
    for i, data in enumerate(batch):
        try:
            info = probe(data)
            if info.width * info.height > max_pixels:
                raise ImageTooLarge(
                    f"{info.width} x {info.height} pixels, allowed are {max_pixels} (max_pixels)"
                )
        except FastpassError as error:
            error.add_context(f"image {i} of {len(batch)}")
            raise
        outputs.append(torch.empty((info.height, info.width, 3), dtype=torch.uint8, device="cuda"))
    decoder.decode(batch, outputs)
    if crop is None:
        return outputs
    rows = slice(crop.top, crop.top + crop.height)
    columns = slice(crop.left, crop.left + crop.width)
    return [image[rows, columns] for image in outputs]
