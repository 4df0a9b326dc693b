"""The choices a loader offers, and what follows from them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from fastpass.augment.recipe import Recipe
from fastpass.common.checks import require_choice
from fastpass.errors import BadArgument, MissingBackend

Dtype = Literal["float32", "float16", "bfloat16", "uint8"]
MemoryFormat = Literal["contiguous", "channels_last"]
Order = Literal["random", "quasi_random"]
Reads = Literal["mmap", "pread"]

_VALUE_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "uint8": 1}
# With one batch ahead three are in memory: DINO's views at batch 256 in float16 (255 MiB a batch)
# then stay below 1 GiB, with two ahead they would not.
_LARGE_BATCH_BYTES = 128 << 20

_CHOICES = {
    "backend": ("native",),
    "dtype": tuple(_VALUE_BYTES),
    "mode": ("fast", "exact"),
    "on_error": ("raise", "skip"),
    "order": ("random", "quasi_random"),
    "reads": ("mmap", "pread"),
    "memory_format": ("contiguous", "channels_last"),
}


def check_choices(**chosen: str) -> None:
    """Refuse an unknown word by the name of its option."""
    if chosen["backend"] in ("dali", "ffcv"):
        raise MissingBackend(
            f"the {chosen['backend']} loader is not part of this version: use 'native'"
        )
    for name, word in chosen.items():
        require_choice(name, word, _CHOICES[name])


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
