"""What all pages have in common: escaping, marked pictures, files that are whole or not there."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from fastpass.pages import Picture, jpeg_thumbnail, png_uri, render_page

TEMPLATE = """{% extends "page.html.j2" %}
{% import "parts.html.j2" as parts %}
{% block title %}{{ name }}{% endblock %}
{% block body %}
{{ parts.pictures(pictures) }}
{{ parts.table(rows) }}
{{ parts.bar_chart(bars, "bars", 2) }}
{% endblock %}
"""
HOSTILE = "</title><script>alert('1')</script>\"&"


def _render(tmp_path: Path) -> str:
    (tmp_path / "test.html.j2").write_text(TEMPLATE)
    return render_page(
        tmp_path / "test.html.j2",
        "test",
        name=HOSTILE,
        pictures=[Picture(HOSTILE, "data:,x", (HOSTILE, "two"), is_marked=True), Picture("b", "")],
        rows=[("a", 7, HOSTILE)],
        bars=[(0, 3, 100.0), (1, 0, 0.0)],
    )


def test_values_are_escaped_in_every_part(tmp_path: Path) -> None:
    page = _render(tmp_path)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 5
    assert page.count("<figure") == 2
    assert page.count('class="marked"') == page.count("<img") == 1
    assert '<td class="number">7</td>' in page
    assert page.count("<rect") == 2


def test_thumbnails_hold_the_picture() -> None:
    uri = jpeg_thumbnail(np.full((100, 300, 3), (200, 100, 50), dtype=np.uint8), 60)
    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as image:
        assert image.size == (60, 20)
        assert np.abs(np.asarray(image).astype(int) - (200, 100, 50)).max() <= 3
    uri = png_uri(np.stack([np.full((2, 3), v, np.float32) for v in (0.0, 0.5, 1.5)]))
    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as image:
        assert np.asarray(image)[1, 2].tolist() == [0, 128, 255]
