"""Hashes of images, encoded or decoded: what near duplicates are found by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import (
    require_bool,
    require_bytes,
    require_choice,
    require_integer,
    shown,
)
from fastpass.common.processors import available_processors
from fastpass.decode import decode_image
from fastpass.decode.settings import MAX_PIXELS, OnDamage, Orientation, check_orientation
from fastpass.errors import BadArgument, FastpassError

HASH_KINDS: tuple[str, ...] = (*core.hash_kinds(), "sha256")
DIHEDRALS = (
    "rotate90",
    "rotate180",
    "rotate270",
    "flip_x",
    "flip_y",
    "flip_plus1",
    "flip_minus1",
)
STATISTICS = ("brightness", "entropy", "laplacian_variance", "saturation", "is_single_color")


@dataclass(frozen=True)
class Hashes:
    """One row per image; zeros where ``errors`` has something to say.

    codes: kind -> uint8 ``[N, bytes]``. A PDQ code's bytes are those of its usual hexadecimal text.
    quality: of "pdq", 0 to 100, -1 where it was not asked for; ``quality_fast``: of "pdq_fast".
    height, width: pixels of the image as it was hashed. statistics: name -> float32 ``[N]``, empty
    unless asked for.
    """

    codes: dict[str, npt.NDArray[np.uint8]]
    quality: npt.NDArray[np.int32]
    quality_fast: npt.NDArray[np.int32]
    height: npt.NDArray[np.int32]
    width: npt.NDArray[np.int32]
    statistics: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    errors: list[FastpassError | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.errors)

    @property
    def ok(self) -> npt.NDArray[np.bool_]:
        """bool ``[N]``: the images that nothing is wrong with."""
        return np.array([error is None for error in self.errors], dtype=bool)


def hash_images(
    images: Sequence[Any],
    kinds: str | Sequence[str] = "pdq",
    *,
    statistics: bool = False,
    on_damage: OnDamage = "raise",
    orientation: Orientation = "ignore",
    threads: int | None = None,
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
) -> Hashes:
    """Hash many images on several threads, each decoded once.

    Args:
        images: encoded images (bytes-like: JPEG, PNG, WebP) or RGB pixels (uint8 arrays
            ``[height, width, 3]``).
        kinds: one name, or several. "pdq" (256 bits, bit for bit the package pdqhash's), "pdq_fast"
            (at most 10 bits from it where its quality is 80 or more; about twice as fast:
            brightness alone is decoded, large JPEGs at a smaller scale, and only what the samples
            see is summed; of images with a side below 128 it is "pdq");
            "pdq:rotate90", ... of the image turned or mirrored (``DIHEDRALS``); "phash", "dhash",
            "ahash", "whash" (64 bits, those of the package ImageHash); "pixels" (128 bits, of the
            decoded pixels) and "sha256" (of the bytes): exact duplicates.
        statistics: also brightness (mean luma, 0 to 255), entropy (bits), laplacian_variance (low
            where it is blurred), saturation (0 to 1), is_single_color (0 or 1).
        on_damage: "fill" hashes damaged JPEGs with what can be decoded of them, filled as Pillow
            fills it; "raise" makes an error of them.
        orientation: "apply" turns images as their EXIF orientation asks before they are hashed:
            a photo and the same photo saved upright then have the same hashes (but for "sha256").
            Pixels have no orientation.
        threads: default: every processor this process may use.
        max_pixels: width x height above which an image is refused.
        max_scan_blocks: of JPEGs, as for ``decode_jpeg``.

    Raises BadArgument. What is wrong with an image is in ``Hashes.errors``, and raises nothing.
    PNG and WebP are decoded a few at a time, on one thread.
    """
    kinds = _checked_kinds(kinds)
    statistics = require_bool("statistics", statistics)
    threads = available_processors() if threads is None else threads
    threads = require_integer("threads", threads, 1, 1024)
    max_pixels = require_integer("max_pixels", max_pixels, 1, MAX_PIXELS)
    max_scan_blocks = require_integer("max_scan_blocks", max_scan_blocks, 1, MAX_PIXELS)
    require_choice("on_damage", on_damage, ("raise", "fill"))
    check_orientation(orientation)
    native_kinds = [kind for kind in kinds if kind != "sha256"]
    found = _joined(
        [
            core.hash_images(
                given,
                kinds=native_kinds,
                statistics=statistics,
                fill_damage=on_damage == "fill",
                apply_orientation=orientation == "apply",
                max_pixels=max_pixels,
                max_scan_blocks=max_scan_blocks,
                num_threads=threads,
            )
            | {"unreadable": unreadable}
            for given, unreadable in _readable(images, orientation, max_pixels)
        ]
    )
    codes = dict(zip(native_kinds, found["codes"], strict=True))
    if "sha256" in kinds:
        codes["sha256"] = _sha256(images)
    return _without_failed({kind: codes[kind] for kind in kinds}, found, statistics)


def _without_failed(
    codes: dict[str, npt.NDArray[np.uint8]], found: dict[str, Any], statistics: bool
) -> Hashes:
    """What the native code has found, with zeros where an image is no good."""
    all_errors = [
        mine or native for mine, native in zip(found["unreadable"], found["errors"], strict=True)
    ]
    failed = np.array([error is not None for error in all_errors], dtype=bool)
    for kind in codes:
        if kind != "sha256":
            codes[kind][failed] = 0
    columns = found["statistics"].T if statistics else []
    return Hashes(
        codes=codes,
        quality=found["quality"],
        quality_fast=found["quality_fast"],
        height=np.where(failed, 0, found["height"]).astype(np.int32),
        width=np.where(failed, 0, found["width"]).astype(np.int32),
        statistics={
            name: np.where(failed, np.float32(0), column)
            for name, column in zip(STATISTICS, columns, strict=False)
        },
        errors=all_errors,
    )


def _checked_kinds(kinds: str | Sequence[str]) -> tuple[str, ...]:
    names = (kinds,) if isinstance(kinds, str) or not isinstance(kinds, Iterable) else tuple(kinds)
    for kind in names:
        if kind not in HASH_KINDS:
            raise BadArgument(f"no hash named {shown(kind)}; there are: {', '.join(HASH_KINDS)}")
    return names


_NOTHING = np.zeros((1, 1, 3), dtype=np.uint8)
_MOST_DECODED_BYTES = 64 << 20


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows of several calls, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    joined: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts])
        for name in ("quality", "quality_fast", "height", "width", "statistics")
    }
    joined["codes"] = [
        np.concatenate(of_kind) for of_kind in zip(*(part["codes"] for part in parts), strict=True)
    ]
    for name in ("errors", "unreadable"):
        joined[name] = [error for part in parts for error in part[name]]
    return joined


def _readable(
    images: Sequence[Any], orientation: Orientation, max_pixels: int
) -> Iterator[tuple[list[Any], list[FastpassError | None]]]:
    """What the native code takes, and what is wrong: PNG and WebP are decoded here.

    Piece by piece, so that what is decoded of many large images is not held at once.
    """
    if not isinstance(images, list | tuple):
        raise BadArgument(f"images is a {type(images).__name__}, wanted a list")
    for i, image in enumerate(images):
        _check_image(i, image)
    given: list[Any] = []
    errors: list[FastpassError | None] = []
    decoded_bytes = 0
    for image in images:
        error: FastpassError | None = None
        if _is_pixels(image):
            given.append(np.ascontiguousarray(image))
        elif bytes(require_bytes("image", image)[:2]) == b"\xff\xd8":
            given.append(image)
        else:
            try:
                pixels = decode_image(image, orientation=orientation, max_pixels=max_pixels)
            except FastpassError as caught:
                pixels, error = _NOTHING, caught
            decoded_bytes += pixels.nbytes
            given.append(pixels)
        errors.append(error)
        if decoded_bytes > _MOST_DECODED_BYTES:
            yield given, errors
            given, errors, decoded_bytes = [], [], 0
    if given or not images:
        yield given, errors


def _is_pixels(image: Any) -> bool:
    return isinstance(image, np.ndarray) and image.ndim != 1


def _check_image(i: int, image: Any) -> None:
    if not _is_pixels(image):
        require_bytes(f"images[{i}]", image)
    elif image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise BadArgument(
            f"images[{i}] is {image.dtype} {list(image.shape)}, wanted uint8 [height, width, 3]"
        )


def _sha256(images: Sequence[Any]) -> npt.NDArray[np.uint8]:
    digests = b"".join(
        hashlib.sha256(i.tobytes() if isinstance(i, np.ndarray) else i).digest() for i in images
    )
    return np.frombuffer(digests, dtype=np.uint8).reshape(-1, 32)
