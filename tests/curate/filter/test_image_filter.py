"""image_filter: what numba compiles, what Python runs, and how a bad filter is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

import fastpass as fp

TABLE = {
    "width": np.array([300, 255, 300, 4000]),
    "height": np.array([256, 300, 300, 3000]),
    "sharpness": np.array([40.5, 100.0, 40.0, -np.inf]),
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
