"""One HTML file that shows what was found, and what to doubt."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastpass.decode import decode_image
from fastpass.errors import FastpassError, MissingBackend, WriteFailed
from fastpass.pack import Pack

if TYPE_CHECKING:
    from fastpass.curate.dedup.run import DedupResult

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
class Picture:
    data: str  # a data URI, or nothing where it cannot be shown
    caption: str
    is_kept: bool


@dataclass(frozen=True)
class Group:
    pictures: list[Picture]
    more: int = 0


def write_report(path: Path, result: DedupResult, source: str | list[str]) -> None:
    """Write the page, self-contained. Raises WriteFailed, MissingBackend."""
    try:
        import jinja2
    except ModuleNotFoundError as error:
        raise MissingBackend("the report needs jinja2: pip install 'fastpass[curate]'") from error
    paths = [source] if isinstance(source, str | Path) else source
    with Pack([str(p) for p in paths]) as pack:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True
        )
        page = environment.get_template("report.html.j2").render(
            source=", ".join(str(p) for p in paths),
            options=result.options,
            counts=_counts(result),
            num_pairs=len(result.pairs),
            histogram=_histogram(result),
            largest=_largest(result, pack),
            doubtful=_doubtful(result, pack),
            **_unreadable(result),
        )
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(page, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror or error}") from error


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
    top = math.log1p(int(counts.max(initial=1)))
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
    caption = f"{images['key'][row]} ({images['width'][row]} x {images['height'][row]})"
    return Picture(
        data=_thumbnail(pack, row),
        caption=f"{caption}, {note}" if note else caption,
        is_kept=bool(result.status[row] == "kept"),
    )


def _thumbnail(pack: Pack, row: int) -> str:
    from PIL import Image

    try:
        image = Image.fromarray(decode_image(pack[row].data))
    except FastpassError:
        return ""
    image.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _unreadable(result: DedupResult) -> dict[str, object]:
    rows = np.flatnonzero(result.status == "unreadable")
    images = result.images
    return {
        "unreadable": [(images["key"][i], images["error"][i]) for i in rows[:_MOST_ERRORS]],
        "more_unreadable": max(0, len(rows) - _MOST_ERRORS),
    }
