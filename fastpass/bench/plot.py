"""The records as pictures: bars, the peers beside us."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastpass.errors import MissingBackend, WriteFailed

OURS, OTHERS = "#c2410c", ("#334155", "#64748b", "#94a3b8", "#a8a29e", "#78716c")


def plot_feed(body: dict[str, Any], path: Path) -> Path:
    """Images/s by threads, one panel per work, p5 to p95 as a line on each bar."""
    panels = []
    for work in body["works"].values():
        threads = sorted({row["threads"] for row in work["rows"]})
        bars = {(row["loader"], row["threads"]): row["images_per_second"] for row in work["rows"]}
        groups = [f"{n} thread{'s' * (n != 1)}" for n in threads]
        names = list(dict.fromkeys(name for name, _ in bars))
        series = {name: [bars.get((name, n)) for n in threads] for name in names}
        panels.append((work["title"], groups, series))
    return _draw(panels, "images/s", path)


def plot_works(body: dict[str, Any], path: Path) -> Path:
    """Milliseconds per work, one panel; shorter is better."""
    works = list(body["works"].values())
    names = list(dict.fromkeys(row["by"] for work in works for row in work["rows"]))
    rows = [{row["by"]: row["ms"] for row in work["rows"]} for work in works]
    series = {name: [row.get(name) for row in rows] for name in names}
    return _draw([("", [work["title"] for work in works], series)], body["unit"], path)


Panel = tuple[str, Sequence[str], dict[str, list[dict[str, Any] | None]]]


def _draw(panels: Sequence[Panel], unit: str, path: Path) -> Path:
    """The format follows from the name: .png, .svg, .pdf. Raises MissingBackend, WriteFailed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingBackend("plots need matplotlib: pip install 'fastpass[bench]'") from error
    widest = max(len(groups) * len(series) for _, groups, series in panels)
    size = (2 + 0.45 * widest * len(panels), 4.5)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, groups, series) in zip(axes, panels, strict=True):
        _bars(axis, groups, series)
        axis.set_title(title, fontsize=10)
        axis.set_ylabel(unit)
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror or error}") from error
    return path


def _bars(axis: Any, groups: Sequence[str], series: dict[str, list[dict[str, Any] | None]]) -> None:
    width = 0.85 / len(series)
    others = iter(OTHERS * len(series))
    shades = iter((1.0, 0.6, 0.4, 0.3) * len(series))
    for place, (name, summaries) in enumerate(series.items()):
        is_ours = name.startswith("fastpass")
        color = (OURS, next(shades)) if is_ours else next(others)
        shown = [(group, found) for group, found in enumerate(summaries) if found is not None]
        heights = [found["median"] for _, found in shown]
        spread = [
            [found["median"] - found["p5"] for _, found in shown],
            [found["p95"] - found["median"] for _, found in shown],
        ]
        at = [group + (place - (len(series) - 1) / 2) * width for group, _ in shown]
        bars = axis.bar(
            at, heights, width, label=name, color=color, yerr=spread, ecolor="#00000066"
        )
        axis.bar_label(bars, fmt="%.3g", fontsize=6, padding=2)
    axis.set_xticks(range(len(groups)), groups, fontsize=8)
    if len(groups) > 3:
        axis.tick_params(axis="x", rotation=30)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(fontsize=7, frameon=False)
