"""Charts as inline SVG that follows the page's light or dark colors."""

from __future__ import annotations

import io
import re
from typing import Any

from fastpass.errors import MissingBackend

# Matplotlib draws with these; the SVG text then gets the page's own colors in their place.
INK, ACCENT, MUTED = "#010203", "#040506", "#070809"
_PAGE_COLORS = {INK: "var(--ink)", ACCENT: "var(--accent)", MUTED: "var(--muted)"}


def new_figure(name: str, width: float, height: float) -> tuple[Any, Any]:
    """A Matplotlib figure and its axes, in inches; it belongs to no global state.

    Raises MissingBackend without Matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingBackend(f"charts need {error.name}: pip install 'fastpass[train]'") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(MUTED)
    axes.tick_params(colors=INK, which="both")
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.yaxis.get_offset_text().set_color(INK)
    axes.grid(visible=True, color=MUTED, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    figure.set_gid(name)
    return figure, axes


def svg_of(figure: Any, name: str) -> str:
    """The drawing as markup, which templates do not escape; names keep charts' ids apart."""
    import matplotlib as mpl
    from markupsafe import Markup

    buffer = io.StringIO()
    with mpl.rc_context(
        {"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif"}
    ):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for drawn, wanted in _PAGE_COLORS.items():
        text = text.replace(drawn, wanted)
    return Markup(text)
