"""Every decoder on real photos and on hostile files, against recorded and live Pillow pixels."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.jpeg_decoders import JPEG_DECODERS, pillow_pixels

import fastpass as fp

pytestmark = [pytest.mark.needs_shared, pytest.mark.parametrize("backend", JPEG_DECODERS)]
PHOTO_FOLDERS = ("photos_imagenet200", "photos_clothing_cc0")


def _rows(folder: Path) -> Iterator[tuple[dict[str, str], bytes]]:
    with open(folder / "manifest.csv", newline="") as manifest:
        for row in csv.DictReader(manifest):
            yield row, (folder / row["file"]).read_bytes()


def _exact_rows(shared_data: Path, backend: str) -> list[tuple[dict[str, str], bytes]]:
    """The hostile files on whose pixels libjpeg-turbo 2 and 3 agree, of the decoder's kinds."""
    rows = [
        (row, data)
        for row, data in _rows(shared_data / "jpeg_hostile")
        if row["ref_status"].startswith("exact")
    ]
    assert len(rows) == 202
    is_arithmetic = {"SOF9", "SOF10", "SOF13", "SOF14"}
    return [row for row in rows if backend == "turbo" or row[0]["sof"] not in is_arithmetic]


def _digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


@pytest.mark.parametrize("folder", PHOTO_FOLDERS)
def test_photos_equal_pillow(shared_data: Path, folder: str, backend: str) -> None:
    rows = list(_rows(shared_data / folder))
    assert len(rows) == 200
    decoded = fp.decode_jpeg([data for _, data in rows], backend=backend)
    wrong = [
        row["file"]
        for (row, _), pixels in zip(rows, decoded, strict=True)
        if _digest(pixels) != row["rgb_sha256"]
    ]
    assert not wrong


@pytest.mark.parametrize("denominator", [2, 4, 8])
@pytest.mark.parametrize("folder", PHOTO_FOLDERS)
def test_scaled_photos_equal_pillow(
    shared_data: Path, folder: str, backend: str, denominator: int
) -> None:
    rows = list(_rows(shared_data / folder))
    batch = [data for _, data in rows]
    decoded = fp.decode_jpeg(batch, backend=backend, scale_denominator=denominator)
    for (row, data), pixels in zip(rows, decoded, strict=True):
        np.testing.assert_array_equal(pixels, pillow_pixels(data, denominator), row["file"])


def test_crops_of_photos_are_slices(shared_data: Path, backend: str) -> None:
    rng = np.random.default_rng(0)
    for folder in PHOTO_FOLDERS:
        for row, data in list(_rows(shared_data / folder))[::4]:
            scale = int(rng.choice([1, 1, 2, 4, 8]))
            whole = fp.decode_jpeg(data, backend=backend, scale_denominator=scale)
            top, left = (int(rng.integers(0, side)) for side in whole.shape[:2])
            height = int(rng.integers(1, whole.shape[0] - top + 1))
            width = int(rng.integers(1, whole.shape[1] - left + 1))
            box = fp.CropBox(top, left, height, width)
            part = fp.decode_jpeg(data, backend=backend, scale_denominator=scale, crop=box)
            expected = whole[top : top + height, left : left + width]
            np.testing.assert_array_equal(part, expected, row["file"])


def test_exact_hostile_files_equal_pillow(shared_data: Path, backend: str) -> None:
    """Every file whose pixels are agreed on.

    With on_damage="fill" all are Pillow's pixels. By default a file is refused if its
    entropy-coded data is damaged (Pillow shows what libjpeg-turbo made up); a valid file never.
    """
    num_refused = 0
    for row, data in _exact_rows(shared_data, backend):
        filled = fp.decode_jpeg(data, backend=backend, on_damage="fill")
        assert _digest(filled) == row["rgb_sha256"], row["file"]
        try:
            pixels = fp.decode_jpeg(data, backend=backend)
            assert _digest(pixels) == row["rgb_sha256"], row["file"]
        except fp.CorruptImage:
            num_refused += 1
            assert row["class"] != "valid", row["file"]
    assert num_refused < 40


@pytest.mark.parametrize("denominator", [2, 4, 8])
def test_scaled_exact_hostile_files_equal_pillow(
    shared_data: Path, backend: str, denominator: int
) -> None:
    num_compared = 0
    for row, data in _exact_rows(shared_data, backend):
        info = fp.probe(data)
        if row["class"] != "valid" or min(info.width, info.height) < denominator:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = pillow_pixels(data, denominator)
        pixels = fp.decode_jpeg(data, backend=backend, scale_denominator=denominator)
        np.testing.assert_array_equal(pixels, expected, row["file"])
        num_compared += 1
    assert num_compared > 120


def test_refusals_say_where(shared_data: Path, backend: str) -> None:
    """Every CorruptImage of the hostile set has an offset inside the file, and a reason."""
    num_corrupt = 0
    for row, data in _rows(shared_data / "jpeg_hostile"):
        try:
            fp.decode_jpeg(data, backend=backend, max_pixels=1 << 24)
        except fp.CorruptImage as error:
            fault = error
        except fp.FastpassError:
            continue
        else:
            continue
        num_corrupt += 1
        assert fault.byte_offset is not None, row["file"]
        assert 0 <= fault.byte_offset <= len(data), row["file"]
        assert len(str(fault)) > 20, row["file"]
    assert num_corrupt > 200


_PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))
from pathlib import Path
import fastpass as fp
folder, good, backend = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
files = sorted(p for p in folder.rglob("*.*") if p.suffix != ".csv")
ways = [{}, {"on_damage": "fill"}, {"scale_denominator": 8},
        {"on_damage": "fill", "scale_denominator": 2, "crop": fp.CropBox(0, 0, 1, 1)}]
for path in files:
    for way in ways[: 4 if path.stat().st_size < 1 << 16 else 1]:
        try:
            budget = {"max_pixels": 1 << 24} if way else {}
            fp.decode_jpeg(path.read_bytes(), backend=backend, **way, **budget)
        except fp.FastpassError as error:
            assert str(error), path
print(len(files), fp.decode_jpeg(good.read_bytes(), backend=backend).shape)
"""


def test_every_hostile_file_in_two_gibibytes(shared_data: Path, backend: str) -> None:
    good = shared_data / "photos_imagenet200" / "n01440764_tench.JPEG"
    command = [sys.executable, "-c", _PROGRAM, str(shared_data / "jpeg_hostile"), str(good)]
    result = subprocess.run([*command, backend], capture_output=True, text=True, timeout=240)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("589 (375, 500, 3)"), result.stdout
