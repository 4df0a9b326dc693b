"""Exact search among binary codes by Hamming distance: in one set, and between two."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.common.checks import require_choice, require_integer
from fastpass.common.processors import available_processors
from fastpass.curate.search.cluster import Merged, Method
from fastpass.curate.search.codes import code_words
from fastpass.curate.search.pairs import Pairs
from fastpass.errors import BadArgument, MissingBackend

if TYPE_CHECKING:
    import torch

Backend = Literal["auto", "brute", "multi_index"]
# What a pair needs while it is found, sorted and handed over.
_BYTES_PER_PAIR = 48


class HammingIndex:
    """All codes within a radius of one another, none left out.

    Equal codes are searched once. Then "multi_index" compares only codes that nearly share one of
    their slots of 16 bits (Norouzi, Punjani and Fleet, 2014), and "brute" every code with every
    other one, vectors at a time; "auto" takes what is cheaper for these codes and this radius.

    Args:
        codes: uint8 ``[N, bytes]``, bytes a multiple of 8 (64 bits, 256 bits, ...) up to 1024, N
            below 2**32 - 1.
        threads: of the CPU; default: every processor this process may use.
        device: where it runs, by torch's names: "cpu", "cuda", "cuda:1". A GPU compares by brute
            force, codes of at most 256 bits.
        backend: "auto", "brute" or "multi_index". All give the same pairs.
        instruction_set: "auto", or one of ``HammingIndex.instruction_sets()``.

    Raises BadArgument; MissingBackend where there is no such GPU.
    """

    def __init__(
        self,
        codes: npt.ArrayLike,
        *,
        threads: int | None = None,
        device: str | torch.device = "cpu",
        backend: Backend = "auto",
        instruction_set: str = "auto",
    ) -> None:
        self._words = code_words(codes)
        require_choice("backend", backend, ("auto", "brute", "multi_index"))
        require_choice("instruction_set", instruction_set, ("auto", *core.hamming_routines()))
        threads = available_processors() if threads is None else threads
        threads = require_integer("threads", threads, 1, 1024)
        self._gpu = _gpu_for(device)
        if self._gpu is not None and backend == "multi_index":
            raise BadArgument("backend = 'multi_index' runs on the CPU only: leave device out")
        self._options: dict[str, Any] = {
            "backend": backend,
            "instruction_set": instruction_set,
            "num_threads": threads,
        }

    @staticmethod
    def instruction_sets() -> list[str]:
        """Those of this processor that there is code for, the fastest last."""
        return list(core.hamming_routines())

    def __len__(self) -> int:
        return int(self._words.shape[0])

    @property
    def num_bits(self) -> int:
        return int(64 * self._words.shape[1])

    def pairs(self, radius: int, *, max_pairs: int | None = None) -> Pairs:
        """All pairs of codes at most ``radius`` bits apart, first < second.

        Of n equal codes there are n (n - 1) / 2: where many are equal, take :meth:`groups`.

        Args:
            max_pairs: refuse to make more. Default: as many as fit the memory that is free.

        Raises BadArgument; OutOfMemory, with the number of pairs, where they are too many.
        """
        return Pairs(*self._search(radius).pairs(self._words, _limit(max_pairs)))

    def num_pairs(self, radius: int) -> int:
        """How many pairs :meth:`pairs` would give, without making them. Raises BadArgument."""
        if self._gpu is None:
            return int(self._search(radius).num_pairs(self._words))
        first_of, pairs = self.distinct_pairs(radius)
        counts = np.bincount(first_of, minlength=len(self)).astype(np.uint64)
        of_equals = counts * (counts - (counts > 0)) // 2
        return int(of_equals.sum()) + int((counts[pairs.first] * counts[pairs.second]).sum())

    def distinct_pairs(
        self, radius: int, *, max_pairs: int | None = None
    ) -> tuple[npt.NDArray[np.int64], Pairs]:
        """Equal codes as one: int64 ``[N]``, the first code equal to each; pairs of such firsts.

        Raises BadArgument; OutOfMemory, with the number of pairs, where they are too many.
        """
        first_of, columns = self._search(radius).distinct_pairs(self._words, _limit(max_pairs))
        return first_of, Pairs(*columns)

    def groups(
        self,
        radius: int,
        *,
        method: Method = "star",
        ranks: npt.ArrayLike | None = None,
        max_pairs: int | None = None,
    ) -> npt.NDArray[np.int64]:
        """What ``cluster(len(self), self.pairs(radius), ...)`` gives, equal codes taken as one.

        Time and memory follow the number of different codes: 100,000 equal ones are no trouble.

        Returns:
            int64 ``[N]``: the kept code of each code's group.

        Raises BadArgument; OutOfMemory where pairs of different codes are too many.
        """
        first_of, pairs = self.distinct_pairs(radius, max_pairs=max_pairs)
        return Merged(first_of).cluster(pairs, method=method, ranks=ranks)

    def query(self, codes: npt.ArrayLike, radius: int, *, max_pairs: int | None = None) -> Pairs:
        """Every one of these codes that lies at most ``radius`` bits from one of ``codes``.

        ``Pairs.first`` is the row of ``codes``, ``Pairs.second`` the row of the index.

        Raises BadArgument; OutOfMemory, with the number of pairs, where they are too many.
        """
        words = code_words(codes)
        if words.shape[1] != self._words.shape[1]:
            raise BadArgument(
                f"codes have {64 * words.shape[1]} bits, those of the index {self.num_bits}"
            )
        return Pairs(*self._search(radius).matches(words, self._words, _limit(max_pairs)))

    def _search(self, radius: int) -> Any:
        radius = require_integer("radius", radius, 0, self.num_bits)
        return core.HammingSearch(self._gpu, radius=int(radius), **self._options)


def _gpu_for(device: str | torch.device) -> Any:
    if device == "cpu":
        return None
    if importlib.util.find_spec("torch") is None:
        raise MissingBackend(f"device = {str(device)!r} asks torch for its GPU: install torch")
    from fastpass.common.gpu import gpu_of, parse_device

    parsed = parse_device(device)
    return None if parsed.type == "cpu" else gpu_of(parsed).native


def _limit(max_pairs: int | None) -> int:
    if max_pairs is not None:
        max_pairs = require_integer("max_pairs", max_pairs, 1, 2**48)
        return int(max_pairs)
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        free = 8 << 30
    return int(max(free // _BYTES_PER_PAIR, 1 << 20))
