"""image_filter: what numba compiles, what Python runs, and how a bad filter is refused."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable

import numpy as np
import pytest

import fastpass as fp
from fastpass.curate.filter.statistics import COLUMNS, ImageStatistics

TABLE = {
    "width": np.array([300, 255, 300, 4000]),
    "height": np.array([256, 300, 300, 3000]),
    "sharpness": np.array([40.5, 100.0, 40.0, np.nan]),
}


def shorter(width, height):
    return min(width, height)


def sharp(width, height, sharpness, side=256, least=40.0):
    return shorter(width, height) >= side and sharpness > least


def by_python(of: fp.ImageFilter, function: Callable[..., bool]) -> list[bool]:
    rows = zip(*(TABLE[name].tolist() for name in of.columns), strict=True)
    return [function(*row) for row in rows]


@pytest.mark.parametrize("python", [False, True])
def test_a_filter_answers_as_its_function_does(python: bool) -> None:
    made = fp.image_filter(python=python)(sharp)
    assert made.columns == ("width", "height", "sharpness")
    assert made.params == (("side", 256), ("least", 40.0))
    kept = made.apply(TABLE)
    assert kept.dtype == np.bool_
    assert kept.tolist() == by_python(made, sharp) == [True, False, False, False]
    looser = made.with_params(side=200, least=39)
    assert looser.apply(TABLE).tolist() == [True, True, True, False]
    assert made.apply(TABLE).tolist() == kept.tolist()
    assert made(300, 300, 50.0)
    assert not made(300, 300, 50.0, side=301)


def test_a_changed_source_has_another_fingerprint() -> None:
    first = fp.image_filter(lambda width: width > 3)
    second = fp.image_filter(lambda width: width > 4)
    assert first.source != second.source
    assert len(first.source) == 16
    calls = fp.image_filter(sharp)
    assert calls.source == fp.image_filter(sharp).source
    assert calls != calls.with_params(side=3)


def test_values_of_parameters_keep_their_kind() -> None:
    made = fp.image_filter(sharp)
    for changes, message in (
        ({"sides": 3}, "no parameter 'sides'; it has side, least"),
        ({"side": 2.5}, "side = 2.5"),
        ({"least": "much"}, "least = 'much'"),
    ):
        with pytest.raises(fp.BadArgument, match=message):
            made.with_params(**changes)


def test_an_unknown_column_is_refused_with_the_list_of_columns() -> None:
    with pytest.raises(fp.BadArgument, match=r"test_image_filter.py:\d+.*'blur'") as error:
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
        fp.BadFilter, match=rf"uncompilable, .*test_image_filter.py:{line}: .*KNOWN.*python=True"
    ):
        fp.image_filter(uncompilable).apply(table)
    assert fp.image_filter(python=True)(uncompilable).apply(table).tolist() == [False, True]


@pytest.mark.parametrize("python", [False, True])
def test_an_answer_that_is_no_bool_is_refused(python: bool) -> None:
    made = fp.image_filter(python=python)(lambda width: width - 3)
    with pytest.raises(fp.BadFilter, match=r"test_image_filter.py:\d+, return.*wanted a bool"):
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
        match=r"test_image_filter.py:\d+, at image 'class/flat' \(width = 5, height = 0\): ZeroDiv",
    ):
        made.apply(found)
    found.errors[1] = fp.CorruptImage("cut short")  # then the filter never sees it
    assert made.apply(found).tolist() == [True, False]


def test_names_of_parameters_may_be_any() -> None:
    made = fp.image_filter(lambda width, kept=1, rows=1, at=1, row=1, function=True: width > row)
    assert made.apply({"width": [1, 2]}).tolist() == [False, True]


def test_no_rows() -> None:
    assert fp.image_filter(sharp).apply({name: TABLE[name][:0] for name in TABLE}).size == 0


def test_without_numba_only_python_runs_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setattr(sys.modules[fp.ImageFilter.__module__], "_compiled", {})
    with pytest.raises(fp.MissingBackend, match=r"pip install .*python=True"):
        fp.image_filter(sharp).apply(TABLE)
    kept = fp.image_filter(python=True)(sharp).apply(TABLE)
    assert kept.tolist() == [True, False, False, False]
