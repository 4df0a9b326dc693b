"""What a caller of the JPEG decoders may ask for, checked once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fastpass.common.checks import require_type, settle_integers
from fastpass.common.processors import available_processors
from fastpass.errors import BadArgument
from fastpass.types import CropBox

MAX_THREADS = 1024
MAX_PIXELS = 2**40  # far above what any format can declare
MAX_SIDE = 2**31 - 1

OnDamage = Literal["raise", "fill"]
Orientation = Literal["ignore", "apply"]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """The arguments of ``decode_jpeg`` that hold for every image of a call."""

    crop: CropBox | None
    scale_denominator: int
    on_damage: str
    orientation: str
    max_pixels: int
    max_scan_blocks: int
    threads: int

    def __post_init__(self) -> None:
        budgets = {"max_pixels": (1, MAX_PIXELS), "max_scan_blocks": (1, MAX_PIXELS)}
        numbers = {"threads": (1, MAX_THREADS), "scale_denominator": (1, 8)}
        settle_integers(self, {**numbers, **budgets})
        if self.crop is not None:
            require_type("crop", self.crop, CropBox)
            sides = dict.fromkeys(("top", "left", "height", "width"), (-MAX_SIDE, MAX_SIDE))
            object.__setattr__(self, "crop", replace(self.crop))  # the caller's stays as it is
            settle_integers(self.crop, sides, prefix="crop.")
        if self.scale_denominator not in (1, 2, 4, 8):
            raise BadArgument(
                f"scale_denominator is {self.scale_denominator!r}, wanted 1, 2, 4 or 8"
            )
        if self.on_damage not in ("raise", "fill"):
            raise BadArgument(f"on_damage is {self.on_damage!r}, wanted 'raise' or 'fill'")
        check_orientation(self.orientation)

    @property
    def box(self) -> Box | None:
        """(top, left, height, width) of the crop."""
        crop = self.crop
        return None if crop is None else (crop.top, crop.left, crop.height, crop.width)

    def native(self) -> dict[str, Box | int | bool | None]:
        """As keyword arguments of the native functions."""
        return {
            "crop": self.box,
            "scale_denominator": self.scale_denominator,
            "fill_damage": self.on_damage == "fill",
            "apply_orientation": self.orientation == "apply",
            "max_pixels": self.max_pixels,
            "max_scan_blocks": self.max_scan_blocks,
            "num_threads": self.threads,
        }


def check_orientation(orientation: str) -> None:
    """Refuse all but the two words of the argument ``orientation``."""
    if orientation not in ("ignore", "apply"):
        raise BadArgument(f"orientation is {orientation!r}, wanted 'ignore' or 'apply'")


def default_threads(is_single: bool) -> int:
    """One for one image, else every processor that this process may use."""
    return 1 if is_single else available_processors()
