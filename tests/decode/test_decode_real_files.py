"""decode_jpeg on real photos and on hostile files, against recorded Pillow pixels."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import fastpass as fp

pytestmark = pytest.mark.needs_shared


def _rows(folder: Path) -> Iterator[tuple[dict[str, str], bytes]]:
    with open(folder / "manifest.csv", newline="") as manifest:
        for row in csv.DictReader(manifest):
            yield row, (folder / row["file"]).read_bytes()


def _digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


@pytest.mark.parametrize("folder", ["photos_imagenet200", "photos_clothing_cc0"])
def test_photos_equal_pillow(shared_data: Path, folder: str) -> None:
    rows = list(_rows(shared_data / folder))
    assert len(rows) == 200
    decoded = fp.decode_jpeg([data for _, data in rows])
    wrong = [
        row["file"]
        for (row, _), pixels in zip(rows, decoded, strict=True)
        if _digest(pixels) != row["rgb_sha256"]
    ]
    assert not wrong


def test_exact_hostile_files_equal_pillow(shared_data: Path) -> None:
    """Every file whose pixels are agreed on.

    With on_damage="fill" all are Pillow's pixels. By default a file is refused if its
    entropy-coded data is damaged (Pillow shows what libjpeg-turbo made up); a valid file never.
    """
    num_exact = num_refused = 0
    for row, data in _rows(shared_data / "jpeg_hostile"):
        if not row["ref_status"].startswith("exact"):
            continue
        num_exact += 1
        assert _digest(fp.decode_jpeg(data, on_damage="fill")) == row["rgb_sha256"], row["file"]
        try:
            assert _digest(fp.decode_jpeg(data)) == row["rgb_sha256"], row["file"]
        except fp.CorruptImage:
            num_refused += 1
            assert row["class"] != "valid", row["file"]
    assert num_exact == 202
    assert num_refused < 40


_PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))
from pathlib import Path
import fastpass as fp
files = sorted(p for p in Path(sys.argv[1]).rglob("*.*") if p.suffix != ".csv")
outcomes = {}
for path in files:
    try:
        fp.decode_jpeg(path.read_bytes())
        name = "decoded"
    except fp.FastpassError as error:
        assert str(error), path
        name = type(error).__name__
    outcomes[name] = outcomes.get(name, 0) + 1
print(len(files), fp.decode_jpeg(Path(sys.argv[2]).read_bytes()).shape, outcomes)
"""


def test_every_hostile_file_in_two_gibibytes(shared_data: Path) -> None:
    good = shared_data / "photos_imagenet200" / "n01440764_tench.JPEG"
    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(shared_data / "jpeg_hostile"), str(good)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("589 (375, 500, 3)"), result.stdout
