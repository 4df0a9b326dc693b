"""The charts of a run: loss, k-NN, health and speed."""

from __future__ import annotations

from fastpass.pages.figures import ACCENT, INK, MUTED, new_figure, svg_of
from fastpass.report.run import KnnResult, Run

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
    figure, axes = new_figure("loss", 7.0, 2.8)
    axes.plot(*run.series("loss"), color=ACCENT, linewidth=1.8)
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats")
    return svg_of(figure, "loss")


def knn_figure(results: tuple[KnnResult, ...]) -> str:
    """One bar per result, best known first, with its number, as SVG."""
    figure, axes = new_figure("knn", 7.0, 0.7 + 0.45 * len(results))
    names = [result.name for result in results]
    colors = [ACCENT if name == "trained" else MUTED for name in names]
    values = [result.top1 for result in results]
    bars = axes.barh(names, values, color=colors, height=0.6)
    axes.bar_label(bars, fmt="%.1f %%", padding=4, color=INK)
    axes.invert_yaxis()
    axes.set_xlim(0, max(100.0 if max(values) > 80 else 1.25 * max(values), 1.0))
    axes.set_xlabel("k-NN top-1, percent")
    axes.grid(visible=False)
    return svg_of(figure, "knn")


def knn_curve_figure(results: tuple[KnnResult, ...]) -> str | None:
    """k-NN accuracy by training step, from the untrained network on; None with fewer points."""
    by_name = {result.name: result for result in results}
    trained = by_name.get("trained")
    if trained is None or len(trained.curve) < 2:
        return None
    points = list(trained.curve)
    if "untrained" in by_name:
        points.insert(0, (0, by_name["untrained"].top1))
    figure, axes = new_figure("knn-curve", 7.0, 2.4)
    axes.plot(*zip(*points, strict=True), color=ACCENT, linewidth=1.8, marker="o", label="encoder")
    if "raw pixels" in by_name:
        pixels = by_name["raw pixels"].top1
        axes.axhline(pixels, color=MUTED, linestyle="--", label="raw pixels")
    axes.legend(frameon=False, labelcolor=INK)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("step")
    axes.set_ylabel("k-NN top-1, percent")
    return svg_of(figure, "knn-curve")


def small_multiples(run: Run) -> list[tuple[str, str]]:
    """(title, SVG) of every known field that the log has."""
    charts = []
    for name, title in SMALL_MULTIPLES:
        steps, values = run.series(name)
        if steps:
            figure, axes = new_figure(name, 3.0, 1.5)
            axes.plot(steps, values, color=ACCENT, linewidth=1.4)
            axes.locator_params(nbins=4)
            charts.append((title, svg_of(figure, name)))
    return charts
