"""NaN in a column that a filter takes: the image is neither kept nor dropped by accident."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.pictures import image_folder, jpeg

import fastpass as fp


@fp.image_filter
def sharp(sharpness):
    return sharpness > 5


@fp.image_filter
def wide(width):
    return width > 5


@pytest.mark.parametrize("of", [sharp, fp.image_filter(python=True)(sharp.function)])
def test_nan_is_refused_with_the_first_row(of: fp.ImageFilter) -> None:
    with pytest.raises(fp.BadArgument, match=r"'sharpness' has no number \(NaN\) for 2.* is row 1"):
        of.apply({"sharpness": [6.0, np.nan, 1.0, np.nan]})
    assert of.apply({"sharpness": [6.0, np.inf, -np.inf]}).tolist() == [True, True, False]


def test_nan_in_another_column_does_not_matter() -> None:
    assert wide.apply({"sharpness": [np.nan, 1.0], "width": [9, 2]}).tolist() == [True, False]


def test_images_with_an_error_are_left_out_and_others_named(tmp_path: Path) -> None:
    image_folder(tmp_path, num_classes=1, per_class=2)
    (tmp_path / "class_0" / "cut.jpg").write_bytes(jpeg(3)[:500])
    found = fp.image_statistics(tmp_path)
    row = found.sample_keys.index("class_0/cut")
    assert [*found.errors] == [row]
    assert np.isnan(found["sharpness"][row])
    assert not sharp.apply(found)[row]
    with pytest.raises(fp.BadArgument, match=f"for 1 images, the first is row {row}"):
        sharp.apply(dict(found))  # which has forgotten the errors
    other = 1 - min(row, 1)
    found["sharpness"][other] = np.nan
    with pytest.raises(fp.BadArgument, match=f"image '{found.sample_keys[other]}'"):
        sharp.apply(found)
