"""Charts as inline SVG that follows the page's light or dark colors."""

from __future__ import annotations

import io
import re
from typing import Any

from fastpass.report.run import KnnResult, Run

# Matplotlib draws with these; the SVG text then gets the page's own colors in their place.
_INK, _ACCENT, _MUTED = "#010203", "#040506", "#070809"
_PAGE_COLORS = {_INK: "var(--ink)", _ACCENT: "var(--accent)", _MUTED: "var(--muted)"}

SMALL_MULTIPLES = (
    ("lr", "learning rate"),
    ("teacher_momentum", "teacher momentum"),
    ("teacher_entropy", "teacher entropy, nats"),
    ("prototype_entropy", "prototype entropy, nats"),
    ("feature_std", "feature std"),
    ("images_per_second", "images per second"),
)


def loss_figure(run: Run) -> str:
    """The loss by step, as SVG."""
    figure, axes = _figure("loss", 7.0, 2.8)
    axes.plot(*run.series("loss"), color=_ACCENT, linewidth=1.8)
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats")
    return _svg(figure, "loss")


def knn_figure(results: tuple[KnnResult, ...]) -> str:
    """One bar per result, best known first, with its number, as SVG."""
    figure, axes = _figure("knn", 7.0, 0.7 + 0.45 * len(results))
    names = [result.name for result in results]
    colors = [_ACCENT if name == "trained" else _MUTED for name in names]
    values = [result.top1 for result in results]
    bars = axes.barh(names, values, color=colors, height=0.6)
    axes.bar_label(bars, fmt="%.1f %%", padding=4, color=_INK)
    axes.invert_yaxis()
    axes.set_xlim(0, max(100.0 if max(values) > 80 else 1.25 * max(values), 1.0))
    axes.set_xlabel("k-NN top-1, percent")
    axes.grid(visible=False)
    return _svg(figure, "knn")


def knn_curve_figure(results: tuple[KnnResult, ...]) -> str | None:
    """k-NN accuracy by training step, from the untrained network on; None with fewer points."""
    by_name = {result.name: result for result in results}
    trained = by_name.get("trained")
    if trained is None or len(trained.curve) < 2:
        return None
    points = list(trained.curve)
    if "untrained" in by_name:
        points.insert(0, (0, by_name["untrained"].top1))
    figure, axes = _figure("knn-curve", 7.0, 2.4)
    axes.plot(*zip(*points, strict=True), color=_ACCENT, linewidth=1.8, marker="o", label="encoder")
    if "raw pixels" in by_name:
        pixels = by_name["raw pixels"].top1
        axes.axhline(pixels, color=_MUTED, linestyle="--", label="raw pixels")
    axes.legend(frameon=False, labelcolor=_INK)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("step")
    axes.set_ylabel("k-NN top-1, percent")
    return _svg(figure, "knn-curve")


def small_multiples(run: Run) -> list[tuple[str, str]]:
    """(title, SVG) of every known field that the log has."""
    charts = []
    for name, title in SMALL_MULTIPLES:
        steps, values = run.series(name)
        if steps:
            figure, axes = _figure(name, 3.0, 1.5)
            axes.plot(steps, values, color=_ACCENT, linewidth=1.4)
            axes.locator_params(nbins=4)
            charts.append((title, _svg(figure, name)))
    return charts


def _figure(name: str, width: float, height: float) -> tuple[Any, Any]:
    """A figure that belongs to no global state: reports may be made on any thread."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(_MUTED)
    axes.tick_params(colors=_INK, which="both")
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    axes.yaxis.get_offset_text().set_color(_INK)
    axes.grid(visible=True, color=_MUTED, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    figure.set_gid(name)
    return figure, axes


def _svg(figure: Any, salt: str) -> str:
    import matplotlib as mpl

    buffer = io.StringIO()
    # The salt keeps element ids of several charts on one page apart.
    with mpl.rc_context(
        {"svg.fonttype": "none", "svg.hashsalt": salt, "font.family": "sans-serif"}
    ):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for drawn, wanted in _PAGE_COLORS.items():
        text = text.replace(drawn, wanted)
    return text
