"""JPEG bytes to pixels, one image or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_bytes
from fastpass.common.gpu import gpu_place
from fastpass.decode.settings import DecodeSettings, OnDamage, Orientation, default_threads
from fastpass.decode.tensors import decode_to_tensors
from fastpass.errors import BadArgument, FastpassError, MissingBackend
from fastpass.types import CropBox

if TYPE_CHECKING:
    import torch
    from typing_extensions import Buffer

# On a GPU; the others run on the CPU.
GPU_BACKENDS = ("cuda", "nvjpeg")

Pixels = npt.NDArray[np.uint8]


@overload
def decode_jpeg(
    data: Buffer,
    *,
    device: str | torch.device | None = ...,
    backend: str = ...,
    crop: CropBox | None = ...,
    scale_denominator: int = ...,
    index: Buffer | None = ...,
    on_damage: OnDamage = ...,
    orientation: Orientation = ...,
    threads: int | None = ...,
    max_pixels: int = ...,
    max_scan_blocks: int = ...,
) -> Pixels: ...
@overload
def decode_jpeg(
    data: Sequence[Buffer],
    *,
    device: str | torch.device | None = ...,
    backend: str = ...,
    crop: CropBox | None = ...,
    scale_denominator: int = ...,
    index: Sequence[Buffer | None] | None = ...,
    on_damage: OnDamage = ...,
    orientation: Orientation = ...,
    threads: int | None = ...,
    max_pixels: int = ...,
    max_scan_blocks: int = ...,
) -> list[Pixels]: ...
def decode_jpeg(
    data: Buffer | Sequence[Buffer],
    *,
    device: str | torch.device | None = None,
    backend: str = "auto",
    crop: CropBox | None = None,
    scale_denominator: int = 1,
    index: Buffer | Sequence[Buffer | None] | None = None,
    on_damage: OnDamage = "raise",
    orientation: Orientation = "ignore",
    threads: int | None = None,
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
) -> Any:
    """Decode JPEG bytes to RGB; a sequence is decoded in parallel, without the GIL.

    Args:
        data: one bytes-like object, or a list or tuple of them.
        device: where to decode: "cpu", or a CUDA device. None: where the backend runs.
        backend: which implementation. "auto": on the CPU "cpu", and "turbo" for what that does not
            know; on a GPU "cuda". "cpu": ours; "turbo": libjpeg-turbo; "cuda": ours on a GPU, the
            same pixels; "nvjpeg": NVIDIA's on a GPU, pixels of its own (:func:`fastpass.backends`).
        crop: the part wanted, in pixels of the (scaled, oriented) image: bit for bit the slice
            ``[top : top + height, left : left + width]`` of the full result.
        scale_denominator: 1, 2, 4 or 8: scaling in the DCT domain, as libjpeg-turbo does it;
            the result has ``ceil(height / scale_denominator)`` rows.
        index: the seek index of this very file (``build_seek_index``, ``Sample.seek_index``), or
            None; for a sequence, a list of them. With it a crop decodes only what it touches, where
            the backend can. One that is damaged, or of other bytes, is always refused.
        on_damage: "raise" refuses damaged entropy-coded data; "fill" keeps what can be decoded
            and what libjpeg-turbo puts in the place of the rest.
        orientation: "apply" turns the pixels as the file's EXIF block asks; "ignore" does not.
        threads: for a sequence, by default every processor this process may use. One image is
            decoded by several threads only where this says so and it has an ``index``.
        max_pixels: width x height above which an image is refused before memory is taken.
        max_scan_blocks: blocks that all scans of a file may visit together, beyond 16 visits of
            each block, which every file may make.

    Returns:
        uint8 ``[height, width, 3]`` RGB, or a list of them: arrays on the CPU, torch tensors on a
        GPU. Grayscale is replicated; CMYK and YCCK are converted as Pillow does.

    Raises:
        CorruptImage: with the byte offset; BadSeekIndex, UnsupportedImage, ImageTooLarge,
        TooManyScans, OutOfMemory, BadArgument, MissingBackend. Of a sequence, the first failure is
        raised and names its position.
    """
    is_single = not isinstance(data, list | tuple)
    batch = _encoded(data)
    settings = DecodeSettings(
        crop=crop,
        scale_denominator=scale_denominator,
        on_damage=on_damage,
        orientation=orientation,
        max_pixels=max_pixels,
        max_scan_blocks=max_scan_blocks,
        threads=default_threads(is_single) if threads is None else threads,
    )
    gpu = gpu_place(device, backend, gpu_backends=GPU_BACKENDS)
    _check_backend(backend, settings)
    indexes = _indexes(index, len(batch), is_single)
    results: list[Any]
    if gpu is None:
        native = settings.native()
        results = core.decode_jpegs(batch, seek_indexes=indexes, backend=backend, **native)
    else:
        results = decode_to_tensors(
            batch, indexes, gpu, "cuda" if backend == "auto" else backend, settings
        )
    images = [_checked(result, i, len(results), is_single) for i, result in enumerate(results)]
    return images[0] if is_single else images


def _encoded(data: Any) -> list[memoryview]:
    if not isinstance(data, list | tuple):
        return [require_bytes("data", data)]
    return [require_bytes(f"image {i}", item) for i, item in enumerate(data)]


def _checked(result: Any, position: int, count: int, is_single: bool) -> Any:
    if not isinstance(result, FastpassError):
        return result
    if not is_single:
        result.add_context(f"image {position} of {count}")
    raise result


def _indexes(
    index: Buffer | Sequence[Buffer | None] | None, count: int, is_single: bool
) -> list[memoryview | None]:
    if index is None:
        return [None] * count
    if is_single:
        return [require_bytes("index", index)]
    if not isinstance(index, list | tuple) or len(index) != count:
        came = f"{len(index)} of them" if isinstance(index, list | tuple) else type(index).__name__
        raise BadArgument(
            f"index is {came}, wanted a list of {count} seek indexes: one, or None, for each image"
        )
    return [None if x is None else require_bytes(f"index {i}", x) for i, x in enumerate(index)]


def _check_backend(backend: str, settings: DecodeSettings) -> None:
    names = [name for name, _ in core.jpeg_backends()]
    known = ("auto", *names, *GPU_BACKENDS)
    if backend not in known:
        raise MissingBackend(
            f"no JPEG decoder named {backend!r} in this build; there are: {', '.join(known)}"
        )
    is_plain = (settings.scale_denominator, settings.on_damage, settings.orientation) == (
        1, "raise", "ignore",
    )  # fmt: skip
    if backend == "nvjpeg" and not is_plain:
        raise BadArgument(
            "nvjpeg knows neither scale_denominator nor on_damage='fill' nor orientation='apply'"
        )
