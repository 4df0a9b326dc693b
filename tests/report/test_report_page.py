"""The page: self-contained, well-formed, and it says the numbers it was given."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import tarfile
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from fastpass.errors import BadPack, ReadFailed, WriteFailed
from fastpass.pages import Picture
from fastpass.report import figures, write_report
from fastpass.report.commands import report
from fastpass.report.page import render_run_page
from fastpass.report.run import KnnResult, Run, read_run
from fastpass.report.views import caption, draw_views, first_image

DRAWN = SimpleNamespace(
    top=3, left=5, height=40, width=50, is_flipped=True, has_jitter=True, brightness=1.25,
    contrast=0.75, saturation=1.0, hue=-0.05, is_grayscale=False, blur_sigma=1.5, is_solarized=True,
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    records = [
        {"step": 10 * i, "epoch": i, "loss": 7.0 - i / 3, "lr": 1e-3 * i, "feature_std": 0.9,
         "teacher_entropy": 5.0 - i / 9, "images_per_second": 120.0 + i, "data_wait": 0.0213}
        for i in range(1, 10)
    ]  # fmt: skip
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    rows = [
        {"features": "teacher", "step": 50, "top1": 47.9},
        {"features": "teacher", "step": 90, "top1": 61.3},
        {"features": "untrained", "step": 0, "top1": 33.1},
    ]
    (tmp_path / "knn.json").write_text(json.dumps({"results": rows}))
    (tmp_path / "commands.txt").write_text("fastpass synth -o '<data> & more'\n")
    return read_run(tmp_path)


class _Resources(HTMLParser):
    """Collects everything that a browser would load, and checks that tags are balanced."""

    VOID = frozenset({"meta", "img", "br", "path", "use"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = ("src", "href", "xlink:href", "data", "srcset", "poster", "action")
        self.urls += [value or "" for name, value in attrs if name in names]
        assert tag not in ("script", "link", "iframe", "object")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_page_loads_nothing_from_outside(run: Run) -> None:
    view = Picture("view 0", "data:image/png;base64,AAAA", ("crop 1 x 2 at (3, 4)",))
    text = render_run_page(run, [view])
    parsed = _Resources(text)
    assert parsed.open == []
    assert "data:image/png;base64,AAAA" in parsed.urls
    assert all(url.startswith(("data:", "#")) for url in parsed.urls)
    assert not re.search(r"@import|url\((?!#)", text)


def test_the_page_says_the_numbers(run: Run) -> None:
    text = html.unescape(render_run_page(run))
    for wanted in ("61.3 %", "33.1 %", "+28.2", "126", "2.1 %", "4.000", "after 90 steps"):
        assert wanted in text, wanted
    assert "fastpass synth -o '<data> & more'" in text
    assert "<data>" not in render_run_page(run)  # escaped
    for title in ("learning rate", "teacher entropy, nats", "feature std", "images per second"):
        assert title in text
    assert "prototype entropy" not in text  # not in this log
    assert "deepspeed" in text
    assert "fastpass export" in text


def test_charts_are_well_formed_follow_the_theme_and_share_no_ids(run: Run) -> None:
    drawings = re.findall(r"<svg.*?</svg>", render_run_page(run), flags=re.DOTALL)
    assert len(drawings) == 3 + 4
    ids: list[str] = []
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        ids += [element.get("id", "") for element in root.iter() if element.get("id")]
        assert "var(--accent)" in drawing
        assert "#04050" not in drawing
    defined = [name for name in ids if re.match(r"^[mp][0-9a-f]{10}$", name)]
    assert defined
    assert len(set(defined)) == len(defined)


def test_a_run_without_knn_views_or_commands_still_gives_a_page(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 1.5}\n')
    text = render_run_page(read_run(tmp_path))
    assert "1.500" in text
    assert "What the features are worth" not in text
    assert "views of one image" not in text


def test_captions_name_only_what_was_done() -> None:
    assert caption(DRAWN) == (
        "crop 50 x 40 at (5, 3)",
        "brightness 1.25, contrast 0.75, saturation 1.00, hue -0.05",
        "blur 1.50 px",
        "flipped, solarized",
    )
    plain = SimpleNamespace(**{**vars(DRAWN), "has_jitter": False, "blur_sigma": 0.0,
                               "is_flipped": False, "is_solarized": False})  # fmt: skip
    assert caption(plain) == ("crop 50 x 40 at (5, 3)",)


def test_views_are_drawn_through_the_public_face(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def draw(recipe: object, height: int, width: int, *, seed: int) -> list[SimpleNamespace]:
        asked.update(recipe=recipe, width=width, height=height, seed=seed)
        return [DRAWN]

    def render(*_: object, params: object, normalize: bool, **__: object) -> list[np.ndarray]:
        assert normalize is False
        return [np.stack([np.full((8, 8), v, np.float32) for v in (0.0, 0.5, 1.0)])]

    info = SimpleNamespace(width=64, height=48, format="jpeg", exif_orientation=1)
    monkeypatch.setattr("fastpass.decode.probe", lambda data: info)
    monkeypatch.setattr("fastpass.augment.draw", draw)
    monkeypatch.setattr("fastpass.augment.render", render)
    original, view = draw_views(b"jpeg", "a recipe", seed=7)
    assert asked == {"recipe": "a recipe", "width": 64, "height": 48, "seed": 7}
    assert original.source == "data:image/jpeg;base64," + base64.b64encode(b"jpeg").decode()
    assert (original.title, view.title) == ("image", "view 0, 8 px")
    png = base64.b64decode(view.source.removeprefix("data:image/png;base64,"))
    assert np.asarray(Image.open(io.BytesIO(png)))[3, 4].tolist() == [0, 128, 255]


def test_first_image_of_a_tar_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "s.tar"
    with tarfile.open(path, "w") as archive:
        for name, data in (("a.json", b"{}"), ("a.JPG", b"first"), ("b.jpg", b"second")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert first_image(path) == b"first"
    (tmp_path / "x.jpg").write_bytes(b"one")
    assert first_image(tmp_path / "x.jpg") == b"one"
    (tmp_path / "bad.tar").write_bytes(b"x" * 1000)
    with pytest.raises(BadPack, match=r"bad\.tar"):
        first_image(tmp_path / "bad.tar")
    with pytest.raises(ReadFailed, match=r"none\.jpg"):
        first_image(tmp_path / "none.jpg")


def test_writing_is_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "report.html"
    assert write_report(run, target) == target
    assert target.read_text().startswith("<!doctype html>")
    assert [p.name for p in target.parent.iterdir()] == ["report.html"]
    with pytest.raises(WriteFailed, match="cannot write"):
        write_report(run, "/dev/null/report.html")


def test_command_line(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    result = CliRunner().invoke(report, [str(run.folder), "-o", str(target)])
    assert result.exit_code == 0, result.output
    assert re.search(r"trained +61\.30 %", result.stdout)
    assert str(target) in result.stdout
    assert "61.3 %" in target.read_text()


def test_knn_curve_needs_two_checkpoints(run: Run) -> None:
    assert run.knn[0].curve == ((50, 47.9), (90, 61.3))
    assert 'id="knn-curve"' in (figures.knn_curve_figure(run.knn) or "")
    newest_only = (KnnResult("trained", 61.3, ((90, 61.3),)), *run.knn[1:])
    assert figures.knn_curve_figure(newest_only) is None
