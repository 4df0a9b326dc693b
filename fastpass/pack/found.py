"""What was found in a source, and what was left out of it, for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastpass.pack.sources import Part

# By number in an index.
LAYOUT_NAMES = {1: "webdataset", 2: "pass", 3: "image_folder", 4: "folder", 5: "beton"}
HEIC_REASON = "HEIC image without the Pillow plug-in pillow-heif"

# How a line speaks of one or of several files that are left out.
_PLURALS = {
    "image in the root": "images in the root",
    "image of another sample": "images of other samples",
    "image in a field that is not read": "images in fields that are not read",
    "label or metadata without an image": "labels or metadata without an image",
    "image of a format that is not read": "images of formats that are not read",
    HEIC_REASON: HEIC_REASON.replace("image", "images", 1),
    "image stored as pixels": "images stored as pixels",
    "tar": "tars",
    "link to nothing": "links to nothing",
    "other file": "other files",
}
_KINDS = {
    "webdataset": "WebDataset",
    "pass": "PASS release",
    "image_folder": "image folder",
    "folder": "folder",
    "beton": "FFCV",
}


@dataclass
class Skipped:
    """Files that are not read, for one reason."""

    count: int
    examples: list[str]


def gather(
    parts: Iterable[Part],
    left_out: Iterable[Sequence[tuple[str, int, Sequence[bytes]]]],
    heic: Sequence[str],
    max_examples: int | None = None,
) -> dict[str, Skipped]:
    """What is left out beside the parts, in each of them as (reason, count, examples), and of HEIC
    images, by reason."""
    found: dict[str, Skipped] = {}
    for part, reasons in zip(parts, left_out, strict=True):
        for reason, paths in part.left_out.items():
            _add(found, reason, len(paths), paths)
        for reason, count, examples in reasons:
            _add(found, reason, count, [e.decode("utf-8", "surrogateescape") for e in examples])
    if heic:
        _add(found, HEIC_REASON, len(heic), heic)
    for skipped in found.values():
        skipped.examples = skipped.examples[:max_examples]
    return found


def _add(found: dict[str, Skipped], reason: str, count: int, examples: Sequence[str]) -> None:
    skipped = found.setdefault(reason, Skipped(0, []))
    skipped.count += count
    skipped.examples += examples


def left_out_text(counts: dict[str, int]) -> str:
    """ "; left out: 1 image in the root, 2 tars", or nothing."""
    if not counts:
        return ""
    parts = [
        f"{count:,} {reason if count == 1 else _PLURALS.get(reason, reason)}"
        for reason, count in counts.items()
    ]
    return "; left out: " + ", ".join(parts)


def images_text(num_samples: int, num_classes: int, layout: str) -> str:
    """ "10 classes, 5,000 images", or "503 images without labels"."""
    images = f"{num_samples:,} image{'' if num_samples == 1 else 's'}"
    if num_classes:
        return f"{num_classes:,} class{'' if num_classes == 1 else 'es'}, {images}"
    return images if layout == "pass" else f"{images} without labels"


def summary_text(
    layouts: Sequence[str],
    num_tars: int,
    num_samples: int,
    num_classes: int,
    skipped: dict[str, int],
) -> str:
    """One line about a whole source."""
    kinds = list(dict.fromkeys(layouts))
    kind = " and ".join(_KINDS[layout] for layout in kinds)
    num_betons = sum(layout == "beton" for layout in layouts)
    folders = len(layouts) - num_tars
    if num_tars:
        numbers = ((num_tars - num_betons, "tar"), (num_betons, "beton"), (folders, "folder"))
        counts = [f"{n:,} {name}{'' if n == 1 else 's'}" for n, name in numbers if n]
        kind = f"{' and '.join(counts)} ({kind})"
    elif len(layouts) > 1:
        kind = f"{len(layouts)} folders ({kind})"
    return f"{kind}: {images_text(num_samples, num_classes, kinds[0])}{left_out_text(skipped)}"
