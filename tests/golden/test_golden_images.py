"""An index, pixels, drawn numbers, views and hashes of an earlier commit are today's."""

from __future__ import annotations

import shutil

import golden_values as golden
import numpy as np
import pytest

import fastpass as fp


def test_the_index_of_an_earlier_version_opens(values, folder):
    assert golden.samples(folder) == values["samples"]


def test_the_index_made_today_is_the_same_bytes(folder, tmp_path):
    shutil.copy2(folder / golden.TAR, tmp_path / golden.TAR)
    golden.fastpass("index", tmp_path / golden.TAR)
    assert (tmp_path / golden.INDEX).read_bytes() == (folder / golden.INDEX).read_bytes()


def test_pixels(values, folder):
    assert golden.decoded(folder) == values["decoded"]


def test_a_seek_index_of_an_earlier_version_leads_to_the_same_pixels(folder):
    box = fp.CropBox(30, 40, 50, 60)
    indexed = 0
    with fp.Pack(str(folder / golden.TAR)) as pack:
        for sample in pack:
            if sample.seek_index is None:
                continue
            whole = fp.decode_jpeg(sample.data)
            part = fp.decode_jpeg(sample.data, crop=box, index=sample.seek_index)
            np.testing.assert_array_equal(part, whole[30:80, 40:100])
            indexed += 1
    assert indexed == 8


def test_drawn_numbers(values):
    assert golden.drawn() == values["drawn"]


@pytest.mark.parametrize("name", sorted(fp.recipes.RECIPES))
def test_views(values, folder, name):
    wanted = {key: found for key, found in values["views"].items() if key.split()[0] == name}
    assert golden.views(folder, {name: fp.recipes.RECIPES[name]()}) == wanted


def test_a_recipe_file_of_an_earlier_version(values, folder):
    recipe = fp.recipes.load(folder / "recipe.toml")
    assert recipe == golden.custom_recipe()
    assert golden.views(folder, {"golden": recipe}) == values["custom views"]


def test_hashes_and_statistics(values, folder):
    found, wanted = golden.hashes(folder), values["hashes"]
    assert found.keys() == wanted.keys()
    for name in found:
        assert found[name] == wanted[name], name
