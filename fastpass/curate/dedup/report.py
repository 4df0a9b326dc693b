"""One HTML file that shows what was found, and what to doubt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fastpass.common.files import write_file
from fastpass.common.names import shown_name
from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.result import DedupResult
from fastpass.decode import decode_image
from fastpass.errors import FastpassError
from fastpass.pack import Pack
from fastpass.pages import Picture, jpeg_thumbnail, render_page

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_MOST_GROUPS = 12
_MOST_PICTURES = 8
_MOST_ERRORS = 50
_SIDE = 160  # pixels of a thumbnail
_MEANINGS = {
    "kept": "in keep.txt",
    "duplicate": "a near duplicate of one that is kept",
    "in_against": "also in the other collection",
    "in_index": "known from an earlier collection",
    "unreadable": "damaged, or no image: see below",
}


@dataclass(frozen=True)
class Group:
    pictures: list[Picture]
    more: int = 0


def write_report(path: Path, result: DedupResult, pack: Pack) -> None:
    """Write the page about ``pack``, self-contained. Raises WriteFailed, MissingBackend."""
    page = render_page(
        _TEMPLATE,
        "dedup",
        source=", ".join(pack.paths),
        options=result.options,
        counts=_counts(result),
        num_pairs=len(result.pairs),
        histogram=_histogram(result),
        largest=_largest(result, pack),
        doubtful=_doubtful(result, pack),
        skipped=list(result.skipped_files.items()),
        **_unreadable(result),
    )
    write_file(path, page)


def _counts(result: DedupResult) -> list[tuple[str, int, str]]:
    rows = [("images", len(result.status), "in the source")]
    for status, meaning in _MEANINGS.items():
        rows.append((status.replace("_", " "), result.count(status), meaning))
    groups = int(((result.group_size > 1) & (result.status == "kept")).sum())
    rows.append(("groups", groups, "of two or more near duplicates"))
    if result.options.has_quality:
        low = result.images["quality"] < result.options.min_quality
        readable = result.status != "unreadable"
        rows.append(
            (
                "too flat",
                int((low & readable).sum()),
                f"quality below {result.options.min_quality}: compared by their bytes only",
            )
        )
    return rows


def _histogram(result: DedupResult) -> list[tuple[int, int, float]]:
    counts = np.bincount(result.pairs.distance, minlength=result.options.radius + 1)
    top = math.log1p(int(np.max(counts, initial=1)))
    return [(d, int(c), 100 * math.log1p(int(c)) / top) for d, c in enumerate(counts)]


def _largest(result: DedupResult, pack: Pack) -> list[Group]:
    kept = np.flatnonzero((result.status == "kept") & (result.group_size > 1))
    order = kept[np.argsort(-result.group_size[kept], kind="stable")][:_MOST_GROUPS]
    groups = []
    for center in order:
        others = np.flatnonzero((result.kept == center) & (np.arange(len(result.kept)) != center))
        shown = [int(center), *(int(i) for i in others[: _MOST_PICTURES - 1])]
        pictures = [_picture(result, pack, row, "") for row in shown]
        groups.append(Group(pictures, more=len(others) + 1 - len(shown)))
    return groups


def _doubtful(result: DedupResult, pack: Pack) -> list[Group]:
    pairs = result.pairs
    order = np.argsort(-pairs.distance, kind="stable")[:_MOST_GROUPS]
    return [
        Group(
            [
                _picture(result, pack, int(pairs.first[i]), f"{pairs.distance[i]} bits apart"),
                _picture(result, pack, int(pairs.second[i]), ""),
            ]
        )
        for i in order
        if pairs.distance[i] > 0
    ]


def _picture(result: DedupResult, pack: Pack, row: int, note: str) -> Picture:
    images = result.images
    size = f"{images['width'][row]} x {images['height'][row]}"
    return Picture(
        title=shown_name(images["key"][row]),
        source=_thumbnail(pack, row, result.options),
        captions=(size, note) if note else (size,),
        is_marked=bool(result.status[row] == "kept"),
    )


def _thumbnail(pack: Pack, row: int, options: DedupOptions) -> str:
    try:
        pixels = decode_image(
            pack[row].data,
            on_damage=options.on_damage,
            orientation=options.orientation,
            max_pixels=options.max_pixels,
        )
        return jpeg_thumbnail(pixels, _SIDE)
    except FastpassError:
        return ""


def _unreadable(result: DedupResult) -> dict[str, Any]:
    rows = np.flatnonzero(result.status == "unreadable")
    images = result.images
    return {
        "unreadable": [
            (shown_name(images["key"][i]), images["error"][i]) for i in rows[:_MOST_ERRORS]
        ],
        "more_unreadable": max(0, len(rows) - _MOST_ERRORS),
    }
