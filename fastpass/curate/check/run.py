"""Decode every image of a source once, and say what is wrong with which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_integer
from fastpass.common.processors import available_processors
from fastpass.common.progress import OnProgress, no_progress
from fastpass.common.thread_pool import thread_pool
from fastpass.curate.check.names import odd_name
from fastpass.decode.image import decode_image
from fastpass.errors import (
    BadArgument,
    BadPack,
    BadSeekIndex,
    CorruptImage,
    FastpassError,
    ImageTooLarge,
    MissingBackend,
    OutOfMemory,
    UnsupportedImage,
)
from fastpass.pack import Pack
from fastpass.pack.sources import Source, find_parts

Kind = Literal["damaged", "unsupported", "unreadable", "odd"]
KINDS: tuple[Kind, ...] = ("damaged", "unsupported", "unreadable", "odd")

_IMAGES_AT_ONCE = 16  # per thread: what is read and waits to be decoded
_UNSUPPORTED = (UnsupportedImage, MissingBackend, ImageTooLarge, OutOfMemory)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one file."""

    kind: Kind
    key: str  # of the sample; empty for a whole tar or folder
    place: str  # file, or tar and key
    reason: str
    byte_offset: int | None  # in the image, or in the tar where the tar itself is damaged


@dataclass
class CheckReport:
    """What was found; ``problems`` are in the order of the source."""

    summary: str = ""  # Pack.summary
    num_images: int = 0
    problems: list[Problem] = field(default_factory=list)
    skipped_files: dict[str, list[str]] = field(default_factory=dict)  # Pack.list_skipped_files()
    sound_keys: list[str] = field(default_factory=list)  # for keep=; odd images are sound

    @property
    def counts(self) -> dict[str, int]:
        """How many problems of each kind."""
        return {kind: sum(p.kind == kind for p in self.problems) for kind in KINDS}

    @property
    def is_sound(self) -> bool:
        """Every image can be used; some may be odd."""
        return all(problem.kind == "odd" for problem in self.problems)


def check(
    source: Source,
    *,
    threads: int | None = None,
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    on_progress: OnProgress = no_progress,
    **reading: Any,
) -> CheckReport:
    """Decode every image of ``source`` as a ``Loader`` with ``on_error="raise"`` would.

    Args:
        source: whatever ``Pack`` takes.
        threads: default: every processor this process may use.
        max_pixels: images that declare more are not supported.
        reading: options of ``Pack``: layout, image, label, keys, keep, ...

    A tar or folder that cannot be opened is a problem of its own, and the others are checked.
    Memory holds a few images per thread, the problems and the keys.

    Raises ``BadPack`` where nothing is named, or where what is named cannot be opened together.
    """
    threads = available_processors() if threads is None else threads
    threads = require_integer("threads", threads, 1, 1024)
    report = CheckReport()
    pack = _opened(source, reading, report, on_progress)
    if pack is None:
        return report
    with pack:
        report.summary = pack.summary
        report.skipped_files = pack.list_skipped_files() if pack.skipped_files else {}
        report.num_images = len(pack)
        _check_images(pack, report, threads, max_pixels, on_progress)
    return report


def _opened(
    source: Source, reading: dict[str, Any], report: CheckReport, on_progress: OnProgress
) -> Pack | None:
    """The source without the tars and folders that cannot be opened, which are problems."""
    on_progress("opening", 0, 0)
    parts = [part.path for part in find_parts(source, reading.get("layout"))]
    try:
        return Pack(source, **reading)
    except BadArgument:
        raise
    except FastpassError as error:
        if len(parts) == 1:
            report.problems.append(_problem("", parts[0], error))
            return None
        refusal = error
    sound = []
    alone = {name: value for name, value in reading.items() if name not in ("keep", "classes")}
    for number, part in enumerate(parts):
        on_progress("opening", number, len(parts))
        try:
            Pack(part, **alone).close()
            sound.append(part)
        except FastpassError as error:
            report.problems.append(_problem("", part, error))
    if len(sound) == len(parts):
        raise refusal  # it is not about one of them
    return Pack(sound, **reading) if sound else None


def _check_images(
    pack: Pack, report: CheckReport, threads: int, max_pixels: int, on_progress: OnProgress
) -> None:
    keys = pack.sample_keys
    with thread_pool(threads) as pool:
        for positions in runs_of(len(pack), threads * _IMAGES_AT_ONCE):
            found = pool.map(lambda at: _check_image(pack, at, max_pixels), positions)
            for position, problems in zip(positions, found, strict=True):
                report.problems += problems
                if all(problem.kind == "odd" for problem in problems):
                    report.sound_keys.append(keys[position])
            on_progress("checking", positions.stop, len(pack))


def runs_of(size: int, length: int) -> Iterator[range]:
    """The positions 0 to ``size`` - 1, at most ``length`` at once."""
    return (range(begin, min(size, begin + length)) for begin in range(0, size, length))


def _check_image(pack: Pack, position: int, max_pixels: int) -> list[Problem]:
    key = pack.native.key(position).decode("utf-8", "surrogateescape")
    place = pack.native.describe(position)
    try:
        sample = pack[position]
        pixels = decode_image(sample.data, max_pixels=max_pixels)
    except FastpassError as error:
        return [_problem(key, place, error)]
    problems = [_odd(key, place, reason) for reason in _oddities(sample.data, place, pixels)]
    try:
        _ = sample.metadata
    except BadPack as error:
        problems.append(_odd(key, place, str(error)))
    return problems


def kind_of(error: FastpassError) -> Kind:
    """What an error that reading or decoding an image raised says about it."""
    if isinstance(error, CorruptImage | BadPack | BadSeekIndex):
        return "damaged"
    return "unsupported" if isinstance(error, _UNSUPPORTED) else "unreadable"


def _problem(key: str, place: str, error: FastpassError) -> Problem:
    reason = f"{type(error).__name__}: {error}"
    return Problem(kind_of(error), key, place, reason, error.byte_offset)


def _odd(key: str, place: str, reason: str) -> Problem:
    return Problem("odd", key, place, reason, None)


def _oddities(data: memoryview, place: str, pixels: npt.NDArray[np.uint8]) -> Iterator[str]:
    name = odd_name(bytes(data[:16]), place)
    if name:
        yield name
    if min(pixels.shape[:2]) == 1:
        yield f"only {pixels.shape[1]} x {pixels.shape[0]} pixels"
    elif (pixels[::64, ::64] == pixels[0, 0]).all() and (pixels == pixels[0, 0]).all():
        yield "every pixel has the same color"
