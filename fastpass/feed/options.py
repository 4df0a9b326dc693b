"""The choices a loader offers, checked, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from fastpass.augment.recipe import Recipe
from fastpass.common.checks import require_bool, require_choice, require_integer
from fastpass.decode.settings import MAX_PIXELS, MAX_THREADS, OnDamage, Orientation
from fastpass.errors import BadArgument

Dtype = Literal["float32", "float16", "bfloat16", "uint8"]
MemoryFormat = Literal["contiguous", "channels_last"]
Mode = Literal["fast", "exact"]

OnError = Literal["raise", "skip"]
Order = Literal["random", "quasi_random"]
Reads = Literal["mmap", "pread"]

_VALUE_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "uint8": 1}
# With one batch ahead three are in memory: DINO's views at batch 256 in float16 (255 MiB a batch)
# then stay below 1 GiB, with two ahead they would not.
_LARGE_BATCH_BYTES = 128 << 20

_CHOICES = {
    "backend": ("native", "dali", "ffcv"),
    "dtype": tuple(_VALUE_BYTES),
    "mode": ("fast", "exact"),
    "on_error": ("raise", "skip"),
    "on_damage": ("raise", "fill"),
    "orientation": ("ignore", "apply"),
    "order": ("random", "quasi_random"),
    "reads": ("mmap", "pread"),
    "memory_format": ("contiguous", "channels_last"),
}

_INTEGERS = (
    ("batch_size", 1, 2**20),
    ("threads", 1, MAX_THREADS),
    ("batches_ahead", 1, 1024),
    ("max_pixels", 1, MAX_PIXELS),
    ("max_scan_blocks", 1, MAX_PIXELS),
    ("seed", 0, 2**64 - 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a loader was asked for: its arguments, with defaults filled in.

    Raises:
        BadArgument: for a value that is none of the documented ones, by its name.
    """

    batch_size: int
    device: str
    backend: str
    seed: int
    shuffle: bool
    rank: int
    world_size: int
    threads: int
    drop_last: bool
    pad_last: bool
    dtype: Dtype
    mode: Mode
    order: Order
    reads: Reads
    memory_format: MemoryFormat
    on_error: OnError
    on_damage: OnDamage
    orientation: Orientation
    batches_ahead: int | None
    max_pixels: int
    max_scan_blocks: int

    def __post_init__(self) -> None:
        for name, words in _CHOICES.items():
            require_choice(name, getattr(self, name), words)
        for name, low, high in _INTEGERS:
            value = getattr(self, name)
            if name != "batches_ahead" or value is not None:
                object.__setattr__(self, name, require_integer(name, value, low, high))
        for name in ("shuffle", "drop_last", "pad_last"):
            object.__setattr__(self, name, require_bool(name, getattr(self, name)))
        if self.drop_last and self.pad_last:
            raise BadArgument("drop_last and pad_last exclude each other: wanted one of them")

    def ahead(self, recipe: Recipe, num_samples: int) -> int:
        """How many batches of at most ``num_samples`` to prepare before they are asked for."""
        num_bytes = batch_bytes(recipe, num_samples, self.dtype)
        return self.batches_ahead or default_batches_ahead(num_bytes)


def draws_at_random(recipe: Recipe) -> bool:
    """Whether the views of a sample differ from epoch to epoch; not those of an evaluation."""
    return any(
        view.crop == "random"
        or view.jitter is not None
        or view.blur is not None
        or view.ops
        or any(0 < chance < 1 for chance in (view.flip, view.grayscale, view.solarize))
        for view in recipe.views
    )


def batch_bytes(recipe: Recipe, num_samples: int, dtype: str) -> int:
    """Memory of the views of one batch."""
    values = sum(3 * view.size * view.size for view in recipe.views)
    return num_samples * values * _VALUE_BYTES[dtype]


def default_batches_ahead(num_bytes: int) -> int:
    """Two, but one where a batch is large enough to hide any hiccup by itself."""
    return 1 if num_bytes > _LARGE_BATCH_BYTES else 2


def checked_weights(weights: object, num_samples: int) -> npt.NDArray[np.float32]:
    """float32 [num_samples], a copy; refuses other shapes and what is no finite number."""
    try:
        given = np.array(weights, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise BadArgument(f"weights: wanted {num_samples} numbers ({error})") from error
    if given.shape != (num_samples,):
        raise BadArgument(
            f"weights has the shape {list(given.shape)}, wanted [{num_samples}]: one per sample"
        )
    if not np.isfinite(given).all():
        where = int(np.flatnonzero(~np.isfinite(given))[0])
        raise BadArgument(f"weights[{where}] = {given[where]}, wanted a finite number")
    return given
