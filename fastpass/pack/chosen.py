"""Which of the samples found a Pack has: all but what cannot be read or is not kept."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.errors import BadPack
from fastpass.pack.options import PackOptions

_SHOWN = 3  # of many names in a message
_SHOWN_CHARACTERS = 150


def choose_samples(
    native: Any, shards: list[dict[str, Any]], options: PackOptions
) -> tuple[list[str], npt.NDArray[np.int64] | None]:
    """The places of images that cannot be read, and the positions to select (None: all).

    Raises ``BadPack`` for a key of ``keep=`` that is not there, or where nothing is left.
    """
    unread = [] if _can_read_heic() else _heic_positions(native, shards)
    places = [native.describe(position) for position in unread]
    if not unread and options.keep is None:
        return places, None
    is_chosen = np.ones(len(native), dtype=bool)
    is_chosen[unread] = False
    if not is_chosen.any():
        raise BadPack(
            f"{places[0]}: this and all other images are HEIC: install pillow-heif to read them"
        )
    if options.keep is not None:
        kept = _kept_positions(native, options)
        is_chosen &= np.isin(np.arange(len(native)), kept)
    return places, np.flatnonzero(is_chosen).astype(np.int64)


def _can_read_heic() -> bool:
    return importlib.util.find_spec("pillow_heif") is not None


def _heic_positions(native: Any, shards: list[dict[str, Any]]) -> list[int]:
    begins = native.shard_begins()
    return [
        begin + position
        for begin, shard in zip(begins[:-1], shards, strict=True)
        for position in shard["heic_positions"]
    ]


def _kept_positions(native: Any, options: PackOptions) -> list[int]:
    position_of = {key: i for i, key in enumerate(native.all_keys())}
    assert options.keep is not None
    wanted = [key.encode("utf-8", "surrogateescape") for key in dict.fromkeys(options.keep)]
    missing = [key for key in wanted if key not in position_of]
    if missing:
        names = [repr(key.decode("utf-8", "surrogateescape")) for key in missing[:_SHOWN]]
        some = ", ".join(names)[:_SHOWN_CHARACTERS]
        if len(missing) > _SHOWN or not some.endswith(names[-1]):
            some += ", ..."
        raise BadPack(
            f"{options.keep_place}: {len(missing)} of {len(wanted)} keys are not in the source: "
            f"{some}; wanted keys as Pack.sample_keys has them"
        )
    return [position_of[key] for key in wanted]
