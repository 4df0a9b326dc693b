"""image_statistics: images that are turned, damaged or too large, no numba, bad arguments."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.pictures import image_folder

import fastpass as fp
from fastpass.curate.filter import pixel_statistics
from fastpass.curate.filter.pixel_statistics import PIXEL_COLUMNS


def test_exif_is_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (90, 70)).save(tmp_path / "photos" / "turned.jpg", exif=exif)
    found = fp.image_statistics(tmp_path / "photos", columns=["height", "width"])
    assert list(found) == ["height", "width"]
    assert (found["width"][0], found["height"][0]) == (90, 70)


def test_what_cannot_be_used_has_an_error_and_no_numbers(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (96, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    whole = buffer.getvalue()
    (folder / "a_cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "b_empty.jpg").write_bytes(b"")
    (folder / "c_text.jpg").write_bytes(b"no image at all")
    (folder / "d_good.jpg").write_bytes(whole)
    found = fp.image_statistics(folder)
    assert {row: type(error) for row, error in found.errors.items()} == {
        0: fp.CorruptImage,
        1: fp.CorruptImage,
        2: fp.UnsupportedImage,
    }
    assert found["width"].tolist() == [80, -1, -1, 80]
    assert found["height"].tolist() == [96, -1, -1, 96]
    assert found["num_bytes"].tolist() == [len(whole) // 2, 0, 15, len(whole)]
    for name in PIXEL_COLUMNS:
        assert np.isnan(found[name]).tolist() == [True, True, True, False]
    too_large = fp.image_statistics(folder, columns=["width"], max_pixels=96 * 80 - 1).errors
    assert isinstance(too_large[3], fp.ImageTooLarge)


def test_only_columns_of_pixels_need_numba_and_a_decode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = image_folder(tmp_path / "photos", num_classes=1, per_class=11)
    monkeypatch.setitem(sys.modules, "numba", None)
    pixel_statistics.compiled_statistics.cache_clear()
    with pytest.raises(fp.MissingBackend, match=r"numba.*pip install"):
        fp.image_statistics(folder, columns=["contrast"])
    with fp.Pack(folder) as pack:
        found = fp.image_statistics(pack, columns=("num_bytes", "width"))
        assert len(pack) == len(found["width"]) == 11  # it is still open
        with pytest.raises(fp.BadArgument, match="layout"):
            fp.image_statistics(pack, columns=["width"], layout="flat")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"columns": ["blur"]}, "'blur'.*'width'.*'sharpness'"),
        ({"columns": "width"}, "columns"),
        ({"threads": 0}, "threads = 0"),
    ],
)
def test_arguments_that_are_refused(
    tmp_path: Path, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(fp.BadArgument, match=message):
        fp.image_statistics(tmp_path, **arguments)
