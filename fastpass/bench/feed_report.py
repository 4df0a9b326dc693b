"""From measured rates to the rows of the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from fastpass.augment import Recipe
from fastpass.bench.measure import Entry
from fastpass.bench.record import is_ours, median_ratio, summarize


def output_pixels(recipe: Recipe) -> int:
    """Pixels of all views of one image."""
    return sum(spec.size**2 for spec in recipe.views)


def best_variants(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """(the fastest entry of each name and thread count, the others)."""
    best: dict[tuple[str, int], Entry] = {}
    for entry in entries:
        key = entry.peer.name, entry.job.threads
        if key not in best or _median(entry) > _median(best[key]):
            best[key] = entry
    chosen = list(best.values())
    return chosen, [entry for entry in entries if entry not in chosen]


def feed_rows(entries: Sequence[Entry], parity: dict[str, dict[str, float]]) -> dict[str, Any]:
    """rows, the slower variants that were measured, and our own scaling from 1 thread to n.

    times_as_fast: how many times as fast each of our modes is, the median over the repeats of the
    ratio within a repeat. parity: mode -> difference from Pillow, in levels of 255.
    """
    chosen, others = best_variants(entries)
    rows = [_row(entry, parity) for entry in chosen]
    ours = [entry for entry in chosen if is_ours(entry.peer.name)]
    for row, entry in zip(rows, chosen, strict=True):
        row["times_as_fast"] = {
            mine.peer.name: median_ratio(mine.rates, entry.rates)
            for mine in ours
            if mine is not entry and mine.job.threads == entry.job.threads
        }
    return {
        "rows": rows,
        "slower_variants": [_row(entry, {}) for entry in others],
        "scaling": _scaling(chosen),
    }


def _row(entry: Entry, parity: dict[str, dict[str, float]]) -> dict[str, Any]:
    rate, threads = _median(entry), entry.job.threads
    row: dict[str, Any] = {
        "loader": entry.peer.name,
        "threads": threads,
        "how": entry.peer.how,
        "images_per_second": summarize(entry.rates),
        "ms_per_image_and_core": round(1e3 * threads / rate, 3),
        "ns_per_output_pixel": round(1e9 * threads / (rate * output_pixels(entry.job.recipe)), 3),
    }
    if entry.first_batches:  # the first start compiles, where a loader compiles
        row["first_start_seconds"] = round(entry.first_batches[0], 2)
    if entry.resident:
        row["resident_before"] = summarize(entry.resident)
    for mode, difference in parity.items():
        if is_ours(entry.peer.name) and mode in entry.peer.name.split():
            row["difference_from_pillow"] = difference
    return row


def _scaling(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Our rates against our own with the fewest threads, in the same repeat."""
    found = []
    for name in dict.fromkeys(entry.peer.name for entry in entries if is_ours(entry.peer.name)):
        first, *more = sorted(
            (entry for entry in entries if entry.peer.name == name), key=lambda e: e.job.threads
        )
        for entry in more:
            ratio = median_ratio(entry.rates, first.rates)
            pair = {"from_threads": first.job.threads, "to_threads": entry.job.threads}
            found.append({"loader": name, **pair, "times_as_fast": ratio})
    return found


def _median(entry: Entry) -> float:
    return statistics.median(entry.rates)
