"""The views of a report are those that the run trains on."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image
from support.pictures import jpeg

import fastpass as fp
from fastpass.cli import cli
from fastpass.errors import ReadFailed
from fastpass.pages import png_uri
from fastpass.report.recipe import views_of_run

SMALL = fp.recipes.dino(global_size=32, local_size=16, num_local_crops=3)


def _config(recipe: str = "dino", **params: Any) -> dict[str, Any]:
    augment = {"recipe": recipe, "mode": "exact", "params": params}
    return {"augment": augment, "train": {"seed": 7}}


def _run(folder: Path, config: dict[str, Any] | None, recipe: fp.Recipe | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.jsonl").write_text('{"step": 1, "loss": 2.5}\n')
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    if recipe is not None:
        state = folder / "checkpoints" / "step-00000001" / "state.json"
        state.parent.mkdir(parents=True)
        data = {"recipe": recipe.to_dict()}
        state.write_text(json.dumps({"config": config or _config(), "data": data}))
    return folder


def _report(run: Path, *options: str) -> Any:
    image = run / "image.jpg"
    image.write_bytes(jpeg(1))
    words = ["report", str(run), "-o", str(run / "r.html"), "--image", str(image), *options]
    return CliRunner().invoke(cli, words)


def test_the_recipe_of_the_configuration(tmp_path: Path) -> None:
    config = _config(global_size=32, local_size=16, num_local_crops=3, global_scale=[0.5, 1.0])
    views = views_of_run(_run(tmp_path, config))
    assert views is not None
    expected = fp.recipes.dino(
        global_size=32, local_size=16, num_local_crops=3, global_scale=(0.5, 1.0)
    )
    assert (views.recipe, views.mode, views.seed) == (expected, "exact", 7)


@pytest.mark.parametrize("place", [".", "train"])
def test_the_recipe_of_the_newest_checkpoint(tmp_path: Path, place: str) -> None:
    """The recipe file that config.json names may have changed since."""
    run = _run(tmp_path / place, _config(), SMALL)
    assert (tmp_path / place / "config.json").is_file()
    views = views_of_run(tmp_path)
    assert views is not None
    assert views.recipe == SMALL
    assert _report(run).exit_code == 0


def test_the_checkpoint_that_latest_names(tmp_path: Path) -> None:
    """Not a later one, and not what a crash left of one."""
    run = _run(tmp_path, _config(), SMALL)
    for name in ("step-00000002", "step-00000003.partial"):
        other = run / "checkpoints" / name / "state.json"
        other.parent.mkdir()
        other.write_text("not whole")
    (run / "checkpoints" / "latest").write_text("step-00000001\n")
    views = views_of_run(run)
    assert views is not None
    assert views.recipe == SMALL
    (run / "checkpoints" / "latest").unlink()
    with pytest.raises(ReadFailed, match="step-00000002/state.json"):
        views_of_run(run)


def test_the_page_shows_them(tmp_path: Path) -> None:
    run = _run(tmp_path, _config(global_size=32, local_size=16, num_local_crops=3))
    assert _report(run).exit_code == 0
    page = (run / "r.html").read_text()
    assert page.count(", 32 px</b>") == 2
    assert page.count(", 16 px</b>") == 3
    drawn = fp.draw(SMALL, *fp.decode_jpeg(jpeg(1)).shape[:2], seed=7)
    assert f"crop {drawn[0].width} x {drawn[0].height} at ({drawn[0].left}, {drawn[0].top})" in page
    assert _report(run, "--recipe", "simclr", "--seed", "1").exit_code == 0
    assert "224 px" in (run / "r.html").read_text()


def test_a_run_that_does_not_say(tmp_path: Path) -> None:
    run = _run(tmp_path, None)
    assert views_of_run(run) is None
    told = _report(run)
    assert told.exit_code == 1
    assert "--recipe" in told.stderr
    assert _report(run, "--recipe", "dino").exit_code == 0


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b"{}", b'{"config": 3}', b'{"config": {}, "data": {}}']
)
def test_garbage_in_a_state_is_named(tmp_path: Path, content: bytes) -> None:
    run = _run(tmp_path, _config(), SMALL)
    (run / "checkpoints" / "step-00000001" / "state.json").write_bytes(content)
    with pytest.raises(ReadFailed, match=r"step-00000001/state\.json is not what"):
        views_of_run(run)
    told = _report(run)
    assert told.exit_code == 1
    assert "state.json" in told.stderr


def test_a_recipe_file_that_has_gone(tmp_path: Path) -> None:
    run = _run(tmp_path, _config(recipe="gone.toml"))
    with pytest.raises(ReadFailed, match=r"config\.json is not what.*gone\.toml"):
        views_of_run(run)


@pytest.mark.parametrize("orientation", ["ignore", "apply"])
def test_images_are_turned_as_the_run_turns_them(tmp_path: Path, orientation: Any) -> None:
    """The image beside the views too: a browser would turn the file itself."""
    config = {**_config(), "data": {"orientation": orientation, "on_damage": "fill"}}
    run = _run(tmp_path, config, SMALL)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.open(io.BytesIO(jpeg(1, 90, 140))).save(buffer, "JPEG", exif=exif)
    data = buffer.getvalue()[:-300]  # damaged, too
    (tmp_path / "odd.jpg").write_bytes(data)
    page = tmp_path / "r.html"
    words = ["report", str(run), "-o", str(page), "--image", str(tmp_path / "odd.jpg")]
    told = CliRunner().invoke(cli, words)
    assert told.exit_code == 0, told.output
    views = fp.render(
        data, SMALL, seed=7, normalize=False, mode="exact", orientation=orientation,
        on_damage="fill",
    )  # fmt: skip
    sources = re.findall(r'src="(data:image/[^"]+)"', page.read_text())
    assert [source for source in sources if "image/png" in source] == [*map(png_uri, views)]
    (original,) = (source for source in sources if "image/jpeg" in source)
    shown = Image.open(io.BytesIO(base64.b64decode(original.partition(",")[2])))
    assert shown.size == ((90, 140) if orientation == "apply" else (140, 90))
    assert shown.getexif().get(0x0112, 1) == 1
