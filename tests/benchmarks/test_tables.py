"""The numbers of README and docs are those of the records, and nobody can change one unseen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import tables
from benchmarks.tables import REGION, Tables, filled

RULES = Path(tables.__file__).with_suffix(".toml")


def test_pages_hold_the_numbers_of_the_records() -> None:
    ours = Tables(RULES)
    for path in tables.pages():
        page = path.read_text(encoding="utf-8")
        assert filled(page, ours) == page, f"{path}: run python -m benchmarks.tables"


def test_every_region_is_used_and_its_marks_are_whole() -> None:
    texts = [path.read_text(encoding="utf-8") for path in tables.pages()]
    used = [found[2] for text in texts for found in REGION.finditer(text)]
    assert sorted(used) == sorted(Tables(RULES).regions)
    assert len(used) == sum(text.count("<!-- numbers: ") for text in texts)
    assert len(used) == sum(text.count("<!-- end of numbers -->") for text in texts)


def test_a_figure_changed_by_hand_is_found() -> None:
    page = (tables.ROOT / "README.md").read_text(encoding="utf-8")
    region = next(REGION.finditer(page))[3]
    number = re.search(r"\d+", region)
    assert number is not None
    changed = page.replace(region, region.replace(number[0], number[0] + "1", 1))
    assert changed != page
    assert filled(changed, Tables(RULES)) == page


@pytest.fixture
def made(tmp_path: Path) -> Tables:
    rows = [{"who": "ours", "threads": 2, "rate": 1234.5}, {"who": "theirs", "threads": 2}]
    record = {"rows": rows, "share": {"good": 0.5, "all": 2}}
    (tmp_path / "made.json").write_text(json.dumps(record))
    (tmp_path / "rules.toml").write_text(
        """
        [values.rate]
        record = "made"
        path = "rows > who={0}&threads={1} > rate"
        format = "{:,.0f}"
        [values.share]
        record = "{0}"
        path = "share > good"
        over = "share > all"
        scale = 100
        format = "{:.0f} %"
        [values.sum]
        record = "made"
        path = "share > {0}"
        minus = "share > good"
        format = "{:+.1f}"
        [regions.one]
        text = "| {rate: ours; 2} | {share: made} |\\n"
        each = ["good", "all"]
        line = "| {key} | {sum: {key}} |\\n"
        [regions.wrong]
        text = "{rate: ours; 3}"
        [regions.unknown]
        text = "{rates: ours}"
        """
    )
    return Tables(tmp_path / "rules.toml", tmp_path)


def test_values_are_found_computed_and_written(made: Tables) -> None:
    assert made.region("one") == "| 1,234 | 25 % |\n| good | +0.0 |\n| all | +1.5 |\n"


@pytest.mark.parametrize(("region", "message"), [("wrong", "0 items"), ("unknown", "rates")])
def test_what_is_not_there_is_named(made: Tables, region: str, message: str) -> None:
    with pytest.raises(KeyError, match=message):
        made.region(region)
