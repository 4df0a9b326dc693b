"""image_filter: how a bad filter, or a bad column, is refused."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import fastpass as fp
from fastpass.curate.filter.statistics import COLUMNS, ImageStatistics


def test_an_unknown_column_is_refused_with_the_list_of_columns() -> None:
    with pytest.raises(fp.BadArgument, match=r"test_bad_filters.py:\d+.*'blur'") as error:
        fp.image_filter(lambda width, blur: width > blur)
    assert ", ".join(COLUMNS) in str(error.value)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: True, "names no column"),
        (lambda width, least="much": True, "'least'.*a default that is a number"),
        (lambda *width: True, "'width'.*plain names"),
        (lambda *, width: True, "'width'.*plain names"),
        (len, "wanted a Python function"),
        (3, "wanted a Python function"),
    ],
)
def test_functions_of_another_form_are_refused(function: object, message: str) -> None:
    with pytest.raises(fp.BadFilter, match=message):
        fp.image_filter(function)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"width": [1]}, "needs the column 'height'; there are: width"),
        ({"width": [1, 2], "height": [1]}, "different lengths .width: 2, height: 1"),
        ({"width": ["a"], "height": [1]}, "'width' does not hold numbers"),
        ({"width": [1.5], "height": [1]}, "'width' does not hold numbers"),
        ({"width": [[1]], "height": [1]}, "'width' has the shape"),
        ({"width": np.array([2**64 - 1], np.uint64), "height": [1]}, "holds 18446744073709551615"),
    ],
)
def test_columns_of_another_form_are_refused(columns: dict[str, object], message: str) -> None:
    made = fp.image_filter(python=True)(lambda width, height: width > height)
    with pytest.raises(fp.BadArgument, match=message):
        made.apply(columns)


class Known:
    """Nothing that numba knows."""

    def has(self, width):
        return width > 3


KNOWN = Known()


def uncompilable(width):
    least = 1
    return width > least and KNOWN.has(width)


def test_what_numba_cannot_compile_is_named_with_its_line_and_python_runs_it() -> None:
    line = inspect.getsourcelines(uncompilable)[1] + 2
    table = {"width": [3, 4]}
    with pytest.raises(
        fp.BadFilter, match=rf"uncompilable, .*test_bad_filters.py:{line}: .*KNOWN.*python=True"
    ):
        fp.image_filter(uncompilable).apply(table)
    assert fp.image_filter(python=True)(uncompilable).apply(table).tolist() == [False, True]


@pytest.mark.parametrize("python", [False, True])
def test_an_answer_that_is_no_bool_is_refused(python: bool) -> None:
    made = fp.image_filter(python=python)(lambda width: width - 3)
    with pytest.raises(fp.BadFilter, match=r"test_bad_filters.py:\d+, return.*wanted a bool"):
        made.apply({"width": [4]})


def test_a_way_without_an_answer_is_refused() -> None:
    def sometimes(width):
        if width > 3:
            return True
        return None

    with pytest.raises(fp.BadFilter, match="wanted a bool"):
        fp.image_filter(sometimes).apply({"width": [4]})
    with pytest.raises(fp.BadFilter, match="returned None, wanted a bool"):
        fp.image_filter(python=True)(sometimes).apply({"width": [4, 1]})


@pytest.mark.parametrize("python", [False, True])
def test_a_filter_that_raises_names_the_image_and_its_numbers(python: bool) -> None:
    made = fp.image_filter(python=python)(lambda width, height: width // height > 1)
    found = ImageStatistics(
        {"width": np.array([4, 5]), "height": np.array([1, 0])}, ["good", "class/flat"]
    )
    with pytest.raises(
        fp.BadFilter,
        match=r"test_bad_filters.py:\d+, at image 'class/flat' \(width = 5, height = 0\): ZeroDiv",
    ):
        made.apply(found)
    found.errors[1] = fp.CorruptImage("cut short")  # then the filter never sees it
    assert made.apply(found).tolist() == [True, False]
