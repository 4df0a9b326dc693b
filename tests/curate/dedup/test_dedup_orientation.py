"""Ways to read images in dedup: turned by EXIF (in the report, too), damaged files filled."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from support.dedup_photos import by_key, picture, save

import fastpass as fp
from fastpass.cli import cli
from fastpass.curate import CodeFile
from fastpass.curate.dedup import DedupOptions, dedup

APPLY = DedupOptions(orientation="apply")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures upright, and the same stored turned, as cameras do."""
    for seed in (1, 2):
        save(picture(seed), tmp_path / "photos" / f"{seed}_upright.jpg", quality=95)
        exif = Image.Exif()
        exif[0x0112] = 6
        stored = picture(seed).transpose(Image.Transpose.ROTATE_90)
        save(stored, tmp_path / "photos" / f"{seed}_turned.jpg", quality=95, exif=exif)
    return tmp_path / "photos"


def _run(*words: object) -> object:
    return CliRunner().invoke(cli, ["dedup", "--threads", "1", *map(str, words)])


def test_turned_copies_are_found(photos: Path, tmp_path: Path) -> None:
    assert dedup(photos, tmp_path / "ignored").count("duplicate") == 0
    told = _run(photos, "--orientation", "apply", "-o", tmp_path / "out")
    assert told.exit_code == 0, told.output  # type: ignore[attr-defined]
    rows = by_key(tmp_path / "out")
    kept = [rows[f"{n}_{how}"]["kept_key"][0] for n in (1, 2) for how in ("upright", "turned")]
    assert kept == ["1", "1", "2", "2"]
    assert sum(row["status"] == "duplicate" for row in rows.values()) == 2


def test_pictures_of_the_report_are_turned_alike(photos: Path, tmp_path: Path) -> None:
    dedup(photos, tmp_path / "out", options=APPLY)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "images turned as EXIF asks" in page
    found = [
        Image.open(io.BytesIO(base64.b64decode(text)))
        for text in re.findall(r"data:image/jpeg;base64,([^\"]+)", page)
    ]
    shown = {}
    for seed in (1, 2):
        small = picture(seed)
        small.thumbnail((160, 160))
        shown[seed] = np.asarray(small.convert("RGB"), dtype=np.int32)
    assert len(found) >= 4
    for image in found:
        pixels = np.asarray(image.convert("RGB"), dtype=np.int32)
        distances = [
            np.abs(pixels - other).mean() if other.shape == pixels.shape else 255
            for other in shown.values()
        ]
        assert min(distances) < 8


def test_the_plan_records_it(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    dedup(photos, output)
    plan = json.loads((output / "work" / "plan.json").read_text())
    assert "orientation" not in plan["asked"]["options"]  # as in plans of earlier versions
    told = _run(photos, "--orientation", "apply", "-o", output)
    assert told.exit_code == 1  # type: ignore[attr-defined]
    assert "another options" in told.stderr  # type: ignore[attr-defined]
    assert "--rehash" in told.stderr  # type: ignore[attr-defined]
    assert dedup(photos, output, options=APPLY, rehash=True).count("duplicate") == 2
    with pytest.raises(fp.ConfigError, match="another options"):
        dedup(photos, output)


def test_an_index_holds_images_turned_or_as_stored_not_both(photos: Path, tmp_path: Path) -> None:
    index = tmp_path / "codes"
    dedup(photos, tmp_path / "out", index=index, options=APPLY)
    assert CodeFile(index).kind == "pdq:upright"
    with pytest.raises(fp.ConfigError, match="of pdq of images turned upright.*--orientation appl"):
        dedup(photos, tmp_path / "second", index=index)
    assert dedup(photos, tmp_path / "third", index=index, options=APPLY).count("in_index") == 4
    stored = tmp_path / "stored"
    dedup(photos, tmp_path / "fourth", index=stored)
    with pytest.raises(fp.ConfigError, match="holds codes of pdq, .*--orientation ignore"):
        dedup(photos, tmp_path / "fifth", index=stored, options=APPLY)


def test_damaged_files_on_demand(photos: Path, tmp_path: Path) -> None:
    whole = (photos / "1_upright.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(whole[:-60])
    assert dedup(photos, tmp_path / "out").count("unreadable") == 1
    told = _run(photos, "--on-damage", "fill", "--radius", 60, "-o", tmp_path / "filled")
    assert told.exit_code == 0, told.output  # type: ignore[attr-defined]
    rows = by_key(tmp_path / "filled")
    assert rows["cut"]["kept_key"] == rows["1_upright"]["kept_key"]
    with pytest.raises(fp.ConfigError, match="another options"):
        dedup(photos, tmp_path / "filled")
