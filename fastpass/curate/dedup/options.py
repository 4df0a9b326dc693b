"""What a run is asked for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from fastpass.common.checks import require_choice, settle_integers
from fastpass.curate.hashes.images import DIHEDRALS
from fastpass.curate.search.code_file import UPRIGHT
from fastpass.decode.settings import OnDamage, Orientation, check_orientation
from fastpass.errors import BadArgument

KEEP_COLUMNS = ("pixels", "quality", "bytes", "key", "licence", "date")
DEFAULT_KEEP = ("-pixels", "-quality", "-bytes", "key")
KINDS = {"pdq": 256, "pdq_fast": 256, "phash": 64, "dhash": 64, "ahash": 64, "whash": 64}


@dataclass(frozen=True)
class DedupOptions:
    """
    kind: the hash that is compared. radius: bits; two images at most that far apart are near
        duplicates. min_quality: images whose PDQ quality is lower are compared by their bytes only,
        since flat images have codes that mean nothing (0 to 100; other kinds have none).
    dihedral: turned and mirrored copies are duplicates as well.
    method: "star": all of a group are near the kept one; "components": whatever chains connect.
    keep: which of a group is kept: columns, the first decides, then the next; "-" in front: the
        largest is the best.
    threads: workers. backend: "local" (a pool of processes) or "ray".
    memory_bytes: for the search, of each worker. max_pixels: larger images are refused.
    on_damage: "fill" compares damaged JPEGs by what can be decoded of them; "raise": unreadable.
    orientation: "apply" compares and shows images turned as their EXIF orientation asks.
    null: lists of names end each with a zero byte, not with a newline.
    """

    kind: str = "pdq"
    radius: int = 31
    min_quality: int = 50
    dihedral: bool = False
    method: Literal["star", "components"] = "star"
    keep: tuple[str, ...] = DEFAULT_KEEP
    threads: int = 1
    backend: Literal["local", "ray"] = "local"
    memory_bytes: int = 4 << 30
    max_pixels: int = 178956970
    on_damage: OnDamage = "raise"
    orientation: Orientation = "ignore"
    null: bool = False

    def __post_init__(self) -> None:
        require_choice("kind", self.kind, tuple(KINDS))
        limits = {
            "radius": (0, KINDS[self.kind]),
            "min_quality": (0, 100),
            "threads": (1, 1024),
            "memory_bytes": (1 << 20, 1 << 50),
            "max_pixels": (1, 1 << 40),
        }
        settle_integers(self, limits)
        require_choice("on_damage", self.on_damage, ("raise", "fill"))
        check_orientation(self.orientation)
        require_choice("method", self.method, ("star", "components"))
        require_choice("backend", self.backend, ("local", "ray"))
        for key in self.keep:
            require_choice("keep", key.removeprefix("-"), KEEP_COLUMNS)
        if self.dihedral and not self.has_quality:
            raise BadArgument(f"dihedral needs a kind of PDQ, not {self.kind!r}")

    @property
    def has_quality(self) -> bool:
        return self.kind.startswith("pdq")

    @property
    def num_bytes(self) -> int:
        return KINDS[self.kind] // 8

    @property
    def code_kind(self) -> str:
        """What a file of codes records of them."""
        return self.kind + (UPRIGHT if self.orientation == "apply" else "")

    @property
    def hash_kinds(self) -> tuple[str, ...]:
        """What is computed of every image; the first is the code that is compared."""
        turned = [f"{self.kind}:{name}" for name in DIHEDRALS] if self.dihedral else []
        return (self.kind, *turned, "sha256")

    def what_matters(self) -> dict[str, Any]:
        """All that a result depends on: not by whom, nor in how much memory, it was found."""
        values = dataclasses.asdict(self)
        for name in ("threads", "backend", "memory_bytes", "null"):
            del values[name]
        values["keep"] = list(self.keep)
        # What runs of earlier versions did, too, which did not say so.
        for name, default in (("orientation", "ignore"), ("on_damage", "raise")):
            if values[name] == default:
                del values[name]
        return values
