"""The records as bar charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from fastpass.bench.record import KIND, is_ours
from fastpass.common.files import written_path
from fastpass.common.outputs import mark_of
from fastpass.errors import MissingBackend

OURS = (("#c2410c", 1.0), ("#c2410c", 0.6), ("#c2410c", 0.4), ("#c2410c", 0.3))
OTHERS = ("#334155", "#64748b", "#94a3b8", "#a8a29e", "#78716c")

Bars = Mapping[str, Sequence[Mapping[str, Any] | None]]  # name -> a summary for every group


def plot_feed(body: Mapping[str, Any], path: Path) -> Path:
    """Images/s by threads, one panel per work, p5 to p95 as a line on each bar.

    The format follows from the name: .png, .svg, .pdf. Raises MissingBackend, WriteFailed.
    """
    works = [work for work in body["works"].values() if work["rows"]]
    figure = _new_figure(4.5 * len(works) + 1, 4.5)
    axes = figure.subplots(1, len(works), squeeze=False)[0]
    for axis, work in zip(axes, works, strict=True):
        threads = sorted({row["threads"] for row in work["rows"]})
        found = {(row["loader"], row["threads"]): row["images_per_second"] for row in work["rows"]}
        names = dict.fromkeys(name for name, _ in found)
        bars = {name: [found.get((name, n)) for n in threads] for name in names}
        _draw_bars(axis, [f"{n} thread{'s' * (n != 1)}" for n in threads], bars)
        axis.set_title(work["title"], fontsize=10)
        axis.set_ylabel("images/s")
    return _save(figure, path)


def plot_works(body: Mapping[str, Any], path: Path) -> Path:
    """Time per work in lying bars, on a logarithmic axis; shorter is better.

    Format and errors as in ``plot_feed``.
    """
    works = list(body["works"].values())
    names = dict.fromkeys(row["by"] for work in works for row in work["rows"])
    found = [{row["by"]: row["ms"] for row in work["rows"]} for work in works]
    bars = {name: [work.get(name) for work in found] for name in names}
    figure = _new_figure(8, 1.5 + 0.16 * len(works) * (len(names) + 1))
    axis = figure.subplots()
    _draw_bars(axis, [work["title"] for work in works], bars, is_lying=True)
    axis.set_xscale("log")
    axis.set_xlabel(body["unit"])
    axis.invert_yaxis()
    return _save(figure, path)


def _new_figure(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingBackend("plots need matplotlib: pip install 'fastpass[bench]'") from error
    return Figure(figsize=(width, height), layout="constrained")


def _three_digits(value: float) -> str:
    """Of numbers below 1000; larger ones whole."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def _draw_bars(axis: Any, groups: Sequence[str], bars: Bars, *, is_lying: bool = False) -> None:
    width = 0.85 / len(bars)
    ours, others = cycle(OURS), cycle(OTHERS)
    draw, error = (axis.barh, "xerr") if is_lying else (axis.bar, "yerr")
    for place, (name, summaries) in enumerate(bars.items()):
        color = next(ours) if is_ours(name) else next(others)
        shown = [(group, found) for group, found in enumerate(summaries) if found is not None]
        at = [group + (place - (len(bars) - 1) / 2) * width for group, _ in shown]
        spread = [
            [found["median"] - found["p5"] for _, found in shown],
            [found["p95"] - found["median"] for _, found in shown],
        ]
        heights = [found["median"] for _, found in shown]
        options = {error: spread, "ecolor": "#00000066", "label": name, "color": color}
        drawn = draw(at, heights, width, **options)
        axis.bar_label(drawn, fmt=_three_digits, fontsize=6, padding=2)
    set_ticks = axis.set_yticks if is_lying else axis.set_xticks
    set_ticks(range(len(groups)), groups, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(fontsize=7, frameon=False)


def _save(figure: Any, path: Path) -> Path:
    with written_path(path) as temporary:
        marked = {"metadata": {"Software": mark_of(KIND)}} if path.suffix == ".png" else {}
        figure.savefig(temporary, dpi=150, format=path.suffix[1:], **marked)
    return path
