"""fastpass preview."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from augment_oracle import noise
from click.testing import CliRunner
from PIL import Image

from fastpass.augment import draw, recipes
from fastpass.augment.commands import preview


def test_preview_draws_a_grid(tmp_path: Path) -> None:
    source, output = tmp_path / "photo.png", tmp_path / "grid.png"
    Image.fromarray(noise(90, 120)).save(source)
    result = CliRunner().invoke(preview, [str(source), "--seed", "3", "-o", str(output), "--json"])
    assert result.exit_code == 0, result.output
    drawn = json.loads(result.output)
    expected = draw(recipes.dino(), 120, 90, seed=3)
    assert [view["top"] for view in drawn] == [view.top for view in expected]
    grid = np.asarray(Image.open(output))
    assert grid.ndim == 3
    assert grid.shape[0] > 224
    assert grid.shape[1] > 2 * 224
    assert (grid != 255).mean() > 0.2  # something was drawn on the white


def test_preview_says_what_is_wrong(tmp_path: Path) -> None:
    source = tmp_path / "text.jpg"
    source.write_text("not an image")
    result = CliRunner().invoke(preview, [str(source), "-o", str(tmp_path / "grid.png")])
    assert result.exit_code == 1
    assert "not an image" in result.output
    Image.fromarray(noise(9, 9)).save(tmp_path / "ok.png")
    result = CliRunner().invoke(
        preview, [str(tmp_path / "ok.png"), "-o", str(tmp_path / "no" / "g.png")]
    )
    assert result.exit_code == 1
    result = CliRunner().invoke(preview, [str(tmp_path / "ok.png"), "--recipe", "unheard-of"])
    assert result.exit_code == 2
    result = CliRunner().invoke(preview, [str(tmp_path / "missing.png")])
    assert result.exit_code == 2
