"""An order for storage that is slow at random reads: it draws from few places at a time.

Note [Quasi-random order]. The source is cut into runs of ``RUN_SAMPLES`` neighbors that never
cross a shard; where the cuts lie is drawn anew every epoch, so that no two samples always travel
together. The runs are put in a keyed random order, ``WINDOW_RUNS`` of them form a window, and
samples are drawn in keyed random order from one window after the other. While a window is open,
storage is read in at most that many places, and a run (3.5 MB of photos of 110 kB) is worth the
seek that leads to it: about 8 ms of seeking for 23 ms of reading from a 150 MB/s disk. A window
of 2,048 samples from 64 places keeps batches mixed, even where the source is sorted by class.

Everything is a function of (seed, epoch, place): what is kept is one table of runs per epoch.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastpass.feed.keys import draw_words
from fastpass.feed.permutation import Positions, distinct, permute

RUN_SAMPLES = 32
WINDOW_RUNS = 64
WINDOW_SAMPLES = RUN_SAMPLES * WINDOW_RUNS

# Domains of the permutations: of the cuts, of the runs, of the samples in window w.
_CUTS, _RUNS, _WINDOWS = 1, 2, 3


@dataclass(frozen=True, slots=True)
class _EpochRuns:
    """The runs of one epoch, in the order they are opened in."""

    epoch: int
    first_positions: npt.NDArray[np.int64]  # [num_runs]: of each run, in the source
    first_places: npt.NDArray[np.int64]  # [num_runs + 1]: of each run, in the epoch; then the end


def _cut_into_runs(shard_begins: Positions, offset: int) -> tuple[Positions, Positions]:
    """(first position, length) of all runs: cuts at begin + offset + k * RUN_SAMPLES."""
    parts = [
        np.concatenate([[begin], np.arange(begin + offset, end, RUN_SAMPLES)])
        for begin, end in itertools.pairwise(shard_begins)
    ]
    firsts = np.concatenate(parts).astype(np.int64)
    lengths = np.diff(firsts, append=shard_begins[-1])
    return firsts[lengths > 0], lengths[lengths > 0]


class QuasiRandom:
    """The quasi-random order of one source under one seed.

    Args:
        shard_begins: position of the first sample of every shard, then the number of samples.
        seed: 0 to 2**64 - 1.
    """

    def __init__(self, shard_begins: Sequence[int], seed: int) -> None:
        self._shard_begins = np.asarray(shard_begins, dtype=np.int64)
        self._seed = seed
        self._runs: _EpochRuns | None = None  # of the epoch asked for last

    def positions(self, places: Positions, *, epoch: int) -> Positions:
        """int64 [N] source positions of the epoch's ``places``, int64 [N] in [0, size)."""
        runs = self._runs_of(epoch)
        windows = self.windows(places, epoch=epoch)
        found = np.empty_like(places)
        for window in distinct(windows):
            inside = windows == window
            found[inside] = self._in_window(runs, int(window), places[inside])
        return found

    def windows(self, places: Positions, *, epoch: int) -> Positions:
        """int64 [N]: the window that each of the epoch's ``places`` draws from."""
        return self._run_at(self._runs_of(epoch), places) // WINDOW_RUNS

    def _in_window(self, runs: _EpochRuns, window: int, places: Positions) -> Positions:
        last_run = min((window + 1) * WINDOW_RUNS, len(runs.first_positions))
        begin, end = runs.first_places[[window * WINDOW_RUNS, last_run]]
        drawn = begin + permute(
            places - begin,
            int(end - begin),
            seed=self._seed,
            epoch=runs.epoch,
            domain=(_WINDOWS, window + 1),
        )
        run = self._run_at(runs, drawn)
        found: Positions = runs.first_positions[run] + (drawn - runs.first_places[run])
        return found

    @staticmethod
    def _run_at(runs: _EpochRuns, places: Positions) -> Positions:
        return np.searchsorted(runs.first_places, places, side="right").astype(np.int64) - 1

    def _runs_of(self, epoch: int) -> _EpochRuns:
        if self._runs is None or self._runs.epoch != epoch:
            offset = draw_words(self._seed, epoch, (_CUTS,), 1)[0] % RUN_SAMPLES
            firsts, lengths = _cut_into_runs(self._shard_begins, offset)
            order = permute(
                np.arange(len(firsts), dtype=np.int64),
                len(firsts),
                seed=self._seed,
                epoch=epoch,
                domain=(_RUNS,),
            )
            places = np.concatenate([[0], np.cumsum(lengths[order])]).astype(np.int64)
            self._runs = _EpochRuns(epoch, firsts[order], places)
        return self._runs
