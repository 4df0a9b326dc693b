"""Which decoder is the fastest for which kind of file: the table behind ``backend="auto"``."""

from __future__ import annotations

import ctypes
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmarks.decode_work import WORKS, Photo, Work, make_index, make_jobs

import fastpass as fp
from benchmarks.peers.native_decode import NativeDecode
from benchmarks.peers.turbo_peer import load_turbo_loop

TABLE = Path(__file__).parents[2] / "csrc" / "decode" / "backend_choice.inc"
TIE = 1.02  # a lead below 2 % is noise: the decoder named first keeps the row


class EncodeKind(ctypes.Structure):
    """``EncodeKind`` of benchmarks/native/encode_kind.cpp."""

    _fields_ = tuple(
        (name, ctypes.c_int32)
        for name in (
            "num_components", "h", "v", "quality", "is_progressive", "is_arithmetic",
            "has_scan_per_component",
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of file; side: the pictures are cut or tiled to side x side, None leaves them."""

    name: str
    factors: tuple[int, int] = (2, 2)
    num_components: int = 3
    is_progressive: bool = False
    is_arithmetic: bool = False
    has_scan_per_component: bool = False
    side: int | None = None


KINDS = (
    Kind("gray", (1, 1), num_components=1),
    Kind("444", (1, 1)),
    Kind("422", (2, 1)),
    Kind("420", (2, 2)),
    Kind("440", (1, 2)),
    Kind("411", (4, 1)),
    Kind("multi_scan", (2, 2), has_scan_per_component=True),
    Kind("progressive_444", (1, 1), is_progressive=True),
    Kind("progressive_420", (2, 2), is_progressive=True),
    Kind("arithmetic", (2, 2), is_arithmetic=True),
    Kind("tiny", (2, 2), side=32),
    Kind("large", (2, 2), side=3000),
)
# Work, with or without an index.
WAYS: tuple[tuple[Work, bool], ...] = (
    (WORKS[0], False),
    (WORKS[0], True),
    (WORKS[1], False),
    (WORKS[1], True),
    (WORKS[3], False),
)


def encode(pixels: npt.NDArray[np.uint8], kind: Kind) -> bytes:
    """A JPEG of that kind, quality 90, made by libjpeg-turbo."""
    library = load_turbo_loop()
    library.encode_kind.restype = ctypes.c_ulong
    settings = EncodeKind(
        kind.num_components, *kind.factors, 90, kind.is_progressive, kind.is_arithmetic,
        kind.has_scan_per_component,
    )  # fmt: skip
    encoded = ctypes.c_void_p()
    rgb = np.ascontiguousarray(pixels)
    size = library.encode_kind(
        rgb.ctypes.data_as(ctypes.c_void_p), rgb.shape[0], rgb.shape[1],
        ctypes.byref(settings), ctypes.byref(encoded),
    )  # fmt: skip
    if size == 0:
        raise RuntimeError(f"libjpeg-turbo could not encode a file of kind {kind.name}")
    data = ctypes.string_at(encoded, size)
    library.free_encoded(encoded)
    return data


def make_photos(originals: Sequence[Photo], kind: Kind) -> list[Photo]:
    """The pictures as files of that kind."""
    photos = []
    for original in originals if kind.side != 3000 else originals[:2]:
        pixels = fp.decode_jpeg(original.data)
        if kind.side is not None:
            times = [-(-kind.side // side) for side in pixels.shape[:2]]
            pixels = np.tile(pixels, (*times, 1))[: kind.side, : kind.side]
        data = encode(pixels, kind)
        photos.append(Photo(data, fp.probe(data), make_index(data)))
    return photos


def measure_way(
    backends: Sequence[str], photos: list[Photo], way: tuple[Work, bool], repeats: int
) -> dict[str, float | str]:
    """Milliseconds per image of every backend, the backends taking turns; or why it refuses."""
    work, indexed = way
    jobs = make_jobs(photos, work, 0)
    found: dict[str, float | str] = {}
    able: list[NativeDecode] = []
    for backend in backends:
        peer = NativeDecode(backend, indexed=indexed)
        try:
            peer.seconds(jobs)
        except RuntimeError as refusal:
            found[backend] = str(refusal)
        else:
            able.append(peer)
    passes = [[peer.seconds(jobs) for peer in able] for _ in range(repeats)]
    for peer, samples in zip(able, zip(*passes, strict=True), strict=True):
        found[peer.backend] = round(1e3 * statistics.median(samples) / len(jobs), 4)
    return found


def fastest(times: dict[str, float | str]) -> str:
    """The first backend that no other beats clearly."""
    known = {name: time for name, time in times.items() if isinstance(time, float)}
    best = min(known.values())
    return next(name for name, time in known.items() if time <= best * TIE)


def measure_choice(
    backends: Sequence[str], originals: Sequence[Photo], repeats: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """kind -> way -> {"ms_per_image": {backend: ...}, "choice": backend}."""
    results: dict[str, Any] = {}
    for kind in KINDS:
        photos = make_photos(originals, kind)
        has_index = any(photo.index is not None for photo in photos)
        rows = {}
        for work, indexed in WAYS:
            if indexed and not has_index:
                continue
            times = measure_way(backends, photos, (work, indexed), repeats)
            name = f"{work.name}{'_indexed' if indexed else ''}"
            rows[name] = {"ms_per_image": times, "choice": fastest(times)}
            say(f"{kind.name:16} {name:30} {rows[name]['choice']:6} {times}")
        results[kind.name] = rows
    return results


def write_table(results: dict[str, Any], path: Path = TABLE) -> Path:
    """The choices as rows of C++ initializers: {kind, way, backend}."""
    lines = ["// Made by `python -m benchmarks.decode --choice`: measure again, do not edit."]
    for kind, rows in results.items():
        for way, row in rows.items():
            lines.append(f'{{"{kind}", "{way}", "{row["choice"]}"}},')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def first_photos(sets: dict[str, list[Photo]], count: int) -> list[Photo]:
    """``count`` pictures of the first set."""
    return [replace(photo, index=None) for photo in next(iter(sets.values()))[:count]]
