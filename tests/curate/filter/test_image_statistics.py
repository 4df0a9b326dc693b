"""image_statistics: against Pillow's and NumPy's formulas, on made pictures, photos and damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageStat

import fastpass as fp
from fastpass.curate.filter.pixel_statistics import PIXEL_COLUMNS

CLOSE = {"rtol": 1e-9, "atol": 1e-6}  # of sums over some thousand pixels


def small_copy(path: Path) -> Image.Image:
    """What is to be measured of a file, made by Pillow."""
    image = Image.open(path)
    shorter = min(image.size)
    denominator = next((d for d in (8, 4, 2) if -(-shorter // d) >= 64), 1)
    if image.format == "JPEG":
        image.draft(None, (image.width // denominator, image.height // denominator))
        return image.convert("RGB")
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    return image.convert("RGB").reduce(denominator)


def expected(path: Path) -> dict[str, float]:
    image = small_copy(path)
    gray = image.convert("L")
    statistics = ImageStat.Stat(gray)
    luma = np.asarray(gray).astype(np.float64)
    inner = luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    red, green, blue = np.moveaxis(np.asarray(image).astype(np.float64), 2, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    return {
        "brightness": statistics.mean[0],
        "contrast": statistics.stddev[0],
        "sharpness": float(np.var(around - 4 * inner)) if inner.size else 0.0,
        "colorfulness": float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())),
        "entropy": gray.entropy(),
    }


def make_pictures(folder: Path) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(5)
    waves = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    photo = Image.fromarray(waves).resize((517, 389), Image.Resampling.BICUBIC)
    photo.save(folder / "large.jpg", quality=90)
    photo.save(folder / "large.png")
    photo.resize((130, 127)).save(folder / "half.bmp")
    photo.resize((100, 63)).save(folder / "whole.jpg")
    photo.resize((70, 900)).save(folder / "narrow.jpg", subsampling=0)
    photo.convert("L").save(folder / "gray.jpg")
    photo.convert("CMYK").save(folder / "cmyk.jpg")
    deep = np.arange(300 * 200, dtype=np.uint16).reshape(200, 300)
    Image.fromarray(deep).save(folder / "deep.png")
    Image.new("RGB", (80, 80), (200, 10, 30)).save(folder / "flat.png")
    Image.new("RGB", (1, 1), (7, 8, 9)).save(folder / "one.png")
    Image.fromarray(waves[:2]).save(folder / "two_rows.png")
    return folder


def check_against_pillow(folder: Path, found: fp.curate.ImageStatistics) -> None:
    paths = {path.stem if path.suffix else path.name: path for path in folder.rglob("*.*")}
    assert not found.errors
    for row, key in enumerate(found.sample_keys):
        path = folder / key if (folder / key).is_file() else paths[key.rpartition("/")[2]]
        assert (found["width"][row], found["height"][row]) == Image.open(path).size
        assert found["num_bytes"][row] == path.stat().st_size
        for name, value in expected(path).items():
            np.testing.assert_allclose(found[name][row], value, **CLOSE, err_msg=f"{name}: {path}")


@pytest.mark.parametrize("threads", [1, 3])
def test_made_pictures_have_the_numbers_of_pillow_and_numpy(tmp_path: Path, threads: int) -> None:
    folder = make_pictures(tmp_path / "photos")
    found = fp.image_statistics(folder, threads)
    assert len(found.sample_keys) == 11
    assert {name: array.dtype for name, array in found.items()} == {
        **dict.fromkeys(("width", "height", "num_bytes"), np.int64),
        **dict.fromkeys(PIXEL_COLUMNS, np.float64),
    }
    check_against_pillow(folder, found)


def test_numbers_that_are_known_without_a_formula(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (5, 4), (100, 100, 100)).save(folder / "a_flat.png")
    checks = np.indices((64, 64)).sum(0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(folder / "b_checks.png")
    found = fp.image_statistics(folder)
    assert [found[name][0] for name in PIXEL_COLUMNS] == [100, 0, 0, 0, 0]
    assert found["brightness"][1] == found["contrast"][1] == 127.5
    assert found["entropy"][1] == 1
    assert found["sharpness"][1] == (4 * 255) ** 2  # +1020 and -1020, as often


@pytest.mark.needs_shared
def test_photos_have_the_numbers_of_pillow_and_numpy(tmp_path: Path, shared_data: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted((shared_data / "photos_imagenet200").glob("*.JPEG"))[:25]:
        (folder / path.name).symlink_to(path)
    found = fp.image_statistics(folder)
    assert len(found.sample_keys) == 25
    check_against_pillow(folder, found)
