"""Exact search among binary codes by Hamming distance: in one set, and between two."""

from __future__ import annotations

import importlib.util
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_choice, require_integer
from fastpass.common.gpu import gpu_of, twin_of
from fastpass.errors import BadArgument, MissingBackend

Strategy = Literal["auto", "brute", "multi_index", "cuda", "twin"]
MAX_CODES = 2**32 - 2
MAX_PAIRS = 2**31


class Pairs(NamedTuple):
    """Close codes, sorted by (first, second)."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    distance: npt.NDArray[np.int32]  # bits

    def __len__(self) -> int:
        return len(self.first)


class HammingIndex:
    """All codes within a radius of one another, none left out.

    Equal codes are searched once. Then "multi_index" compares only codes that nearly share one of
    their slots of 16 bits (Norouzi, Punjani and Fleet, 2014), and "brute" every code with every
    other one, vectors at a time; "auto" takes what is cheaper for these codes and this radius.

    Args:
        codes: uint8 ``[N, bytes]``, bytes a multiple of 8 (64 bits, 256 bits, ...), N below 2**32.
        threads: default: every processor this process may use.
        strategy: "auto", "brute" or "multi_index"; "cuda": by brute force on torch's current GPU,
            codes of at most 256 bits ("twin": the same on the CPU, for tests). All give the same
            pairs.
        kernels: "auto", or one of ``HammingIndex.available_kernels()``.

    Raises BadArgument.
    """

    def __init__(
        self,
        codes: npt.ArrayLike,
        *,
        threads: int | None = None,
        strategy: Strategy = "auto",
        kernels: str = "auto",
    ) -> None:
        self._words = code_words(codes)
        require_choice("strategy", strategy, ("auto", "brute", "multi_index", "cuda", "twin"))
        require_choice("kernels", kernels, ("auto", *core.hamming_routines()))
        threads = core.available_processors() if threads is None else threads
        require_integer("threads", threads, 1, 1024)
        self._gpu = _gpu_for(strategy)
        self._options: dict[str, Any] = {
            "strategy": strategy,
            "kernels": kernels,
            "num_threads": threads,
        }

    @staticmethod
    def available_kernels() -> list[str]:
        """Instruction sets that this processor has code for, the fastest last."""
        return list(core.hamming_routines())

    def __len__(self) -> int:
        return int(self._words.shape[0])

    @property
    def num_bits(self) -> int:
        return int(64 * self._words.shape[1])

    def pairs(self, radius: int, *, max_pairs: int = MAX_PAIRS) -> Pairs:
        """All pairs of codes at most ``radius`` bits apart, first < second.

        Raises BadArgument; OutOfMemory where there are more than ``max_pairs``.
        """
        require_integer("radius", radius, 0, self.num_bits)
        require_integer("max_pairs", max_pairs, 1, 2**48)
        if self._gpu is not None:
            return Pairs(
                *core.device_pairs(self._gpu, self._words, None, radius=radius, max_pairs=max_pairs)
            )
        return Pairs(
            *core.hamming_pairs(self._words, radius=radius, max_pairs=max_pairs, **self._options)
        )

    def query(self, codes: npt.ArrayLike, radius: int, *, max_pairs: int = MAX_PAIRS) -> Pairs:
        """Every one of these codes that lies at most ``radius`` bits from one of ``codes``.

        ``Pairs.first`` is the row of ``codes``, ``Pairs.second`` the row of the index.
        """
        words = code_words(codes)
        if words.shape[1] != self._words.shape[1]:
            raise BadArgument(
                f"codes have {64 * words.shape[1]} bits, those of the index {self.num_bits}"
            )
        require_integer("radius", radius, 0, self.num_bits)
        require_integer("max_pairs", max_pairs, 1, 2**48)
        if self._gpu is not None:
            return Pairs(
                *core.device_pairs(
                    self._gpu, words, self._words, radius=radius, max_pairs=max_pairs
                )
            )
        return Pairs(
            *core.hamming_matches(
                words, self._words, radius=radius, max_pairs=max_pairs, **self._options
            )
        )


def _gpu_for(strategy: str) -> Any:
    if strategy == "twin":
        return twin_of(1).native
    if strategy != "cuda":
        return None
    if importlib.util.find_spec("torch") is None:
        raise MissingBackend("strategy 'cuda' asks torch for its GPU: install torch")
    return gpu_of("cuda").native


def code_words(codes: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """uint8 ``[N, bytes]`` as uint64 ``[N, bytes / 8]``; without a copy where that can be."""
    array = np.asarray(codes)
    if array.dtype != np.uint8 or array.ndim != 2:
        raise BadArgument(
            f"codes are {array.dtype} {list(array.shape)}, wanted uint8 [number, bytes]"
        )
    if array.shape[1] == 0 or array.shape[1] % 8 != 0:
        raise BadArgument(f"codes of {array.shape[1]} bytes, wanted a multiple of 8")
    if array.shape[0] > MAX_CODES:
        raise BadArgument(f"{array.shape[0]} codes, wanted at most {MAX_CODES}")
    contiguous = np.ascontiguousarray(array)
    if contiguous.ctypes.data % 8 != 0:  # a view into somebody's bytes
        contiguous = contiguous.copy()
    return contiguous.view(np.uint64)
