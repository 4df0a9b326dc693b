"""fastpass preview."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from augment_oracle import noise
from click.testing import CliRunner
from PIL import Image

from fastpass.augment import Recipe, ViewSpec, draw, recipes, render, view_ops
from fastpass.augment.commands import preview


def test_preview_draws_a_grid(tmp_path: Path) -> None:
    source, output = tmp_path / "photo.png", tmp_path / "grid.png"
    Image.fromarray(noise(90, 120)).save(source)
    result = CliRunner().invoke(preview, [str(source), "--seed", "3", "-o", str(output), "--json"])
    assert result.exit_code == 0, result.output
    drawn = json.loads(result.output)
    expected = draw(recipes.dino(), 90, 120, seed=3)
    assert [view["top"] for view in drawn] == [view.top for view in expected]
    grid = np.asarray(Image.open(output))
    assert grid.ndim == 3
    assert grid.shape[0] > 224
    assert grid.shape[1] > 2 * 224
    assert (grid != 255).mean() > 0.2  # something was drawn on the white


def test_preview_takes_a_recipe_file_and_a_mode(tmp_path: Path) -> None:
    source, output, file = tmp_path / "photo.jpg", tmp_path / "grid.png", tmp_path / "mine.toml"
    Image.fromarray(noise(90, 120)).save(source)
    recipes.save(recipes.evaluation(size=40, resize=60), file)
    command = [str(source), "--recipe", str(file), "--mode", "exact", "-o", str(output)]
    result = CliRunner().invoke(preview, command)
    assert result.exit_code == 0, result.output
    assert "1 views" in result.output
    assert "evaluation" in result.output
    # The label's cell is 176 x 28 pixels, the margin 8.
    recipe = recipes.load(file)
    (view,) = render(source.read_bytes(), recipe, seed=0, normalize=False, mode="exact")
    shown = np.asarray(Image.open(output))[36:76, 8:48]
    np.testing.assert_array_equal(shown, np.rint(view.transpose(1, 2, 0) * 255))
    assert CliRunner().invoke(preview, [str(source), "--mode", "quick"]).exit_code == 2


def test_preview_shows_operations_of_its_seed_epoch_and_sample(tmp_path: Path) -> None:
    source, output, file = tmp_path / "photo.png", tmp_path / "grid.png", tmp_path / "mine.toml"
    Image.fromarray(noise(90, 120)).save(source)
    too_bright = view_ops.random_erasing.with_params(probability=1.0, value=(9.0, -9.0, 0.0))
    recipes.save(Recipe("mine", (ViewSpec(size=40, ops=(too_bright.in_python(),)),)), file)
    key = {"seed": 1, "epoch": 2, "sample_id": 5}
    words = [w for name, value in key.items() for w in (f"--{name}".replace("_", "-"), str(value))]
    command = [str(source), "--recipe", str(file), "-o", str(output), *words]
    result = CliRunner().invoke(preview, command)
    assert result.exit_code == 0, result.output
    (view,) = render(source.read_bytes(), recipes.load(file), normalize=False, **key)  # type: ignore[arg-type]
    assert view.max() == 9
    shown = np.asarray(Image.open(output))[36:76, 8:48]
    np.testing.assert_array_equal(shown, np.rint(view.clip(0, 1).transpose(1, 2, 0) * 255))


def test_preview_reads_what_training_does_not(tmp_path: Path) -> None:
    source, output = tmp_path / "photo.bmp", tmp_path / "grid.png"
    Image.fromarray(noise(9, 12)).save(source)
    result = CliRunner().invoke(preview, [str(source), "--recipe", "rrc", "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert output.exists()


def test_preview_refuses_a_damaged_jpeg_as_training_does(tmp_path: Path) -> None:
    source = tmp_path / "half.jpg"
    Image.fromarray(noise(90, 120)).save(source)
    source.write_bytes(source.read_bytes()[:2000])
    result = CliRunner().invoke(preview, [str(source), "-o", str(tmp_path / "grid.png")])
    assert result.exit_code == 1
    assert "half.jpg" in result.output
    assert not (tmp_path / "grid.png").exists()


def test_wrong_recipes_are_wrong_usage(tmp_path: Path) -> None:
    source, file = tmp_path / "ok.png", tmp_path / "mine.toml"
    Image.fromarray(noise(9, 9)).save(source)

    def refusal(recipe: str) -> str:
        result = CliRunner().invoke(preview, [str(source), "--recipe", recipe])
        assert result.exit_code == 2
        return " ".join(result.output.split())

    assert ", ".join(recipes.RECIPES) in refusal("unheard-of")
    assert "missing.toml" in refusal(str(tmp_path / "missing.toml"))
    file.write_text('name = "mine"\n[[views]]\nsize = 64\nblur = {sigmas = [1, 2]}')
    assert "views[0].blur: unknown key sigmas" in refusal(str(file))


def test_preview_says_what_is_wrong(tmp_path: Path) -> None:
    source = tmp_path / "text.jpg"
    source.write_text("not an image")
    result = CliRunner().invoke(preview, [str(source), "-o", str(tmp_path / "grid.png")])
    assert result.exit_code == 1
    assert "not an image that Pillow can read" in result.output
    Image.fromarray(noise(9, 9)).save(tmp_path / "ok.png")
    result = CliRunner().invoke(
        preview, [str(tmp_path / "ok.png"), "-o", str(tmp_path / "ok.png" / "g.png")]
    )
    assert result.exit_code == 1
    result = CliRunner().invoke(preview, [str(tmp_path / "missing.png")])
    assert result.exit_code == 2
