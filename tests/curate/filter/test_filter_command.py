"""``fastpass filter``: its three files, names of filters and of images."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.filtered_place import FILTERS, make_filtered_place, run_filter, tree
from support.pictures import jpeg

import fastpass as fp
from fastpass.pack import read_keep_list

pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return make_filtered_place(tmp_path)


def table_of(place: Path) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = pq.read_table(place / "out" / "filter.parquet").to_pydict()
    return table


def test_images_are_kept_that_all_filters_keep(place: Path) -> None:
    before = tree(place)
    result = run_filter(place, "@/filters.py:large", "@/filters.py:bright", more=("--threads", 2))
    assert result.exit_code == 0, result.output
    assert {name: digest for name, digest in tree(place).items() if name in before} == before
    table = table_of(place)
    assert list(table) == ["key", "width", "height", "brightness", "dropped_by", "key_bytes"]
    keys = [os.fsdecode(key) for key in table["key_bytes"]]
    with fp.Pack(place / "photos") as pack:
        assert keys == pack.sample_keys
    dropped = {key: why for key, why in zip(keys, table["dropped_by"], strict=True) if why}
    assert dropped.pop("d_cut").startswith("damaged: CorruptImage: ")
    assert dropped.pop("e_empty").startswith("damaged: CorruptImage: ")
    assert dropped == {"b_dark": "bright", "c_small_and_dark": "large"}
    kept = read_keep_list(place / "out" / "keep.txt")
    assert kept == [key for key, why in zip(keys, table["dropped_by"], strict=True) if not why]
    with fp.Pack(place / "photos", keep=place / "out" / "keep.txt") as pack:
        assert pack.sample_keys == kept
        assert len(pack) == 3
    by_key = dict(zip(keys, table["brightness"], strict=True))
    assert by_key["a light"] == 200
    assert np.isnan(by_key["d_cut"])
    assert dict(zip(keys, table["width"], strict=True))["e_empty"] == -1
    assert "dropped by large: 1\ndropped by bright: 1\n7 images, 3 kept, 2 dropped, 2 unusable" in (
        result.stdout
    )


def test_the_record_says_which_filters_decided(place: Path) -> None:
    result = run_filter(place, "@/filters.py:tiny", "@/filters.py:bright", more=("--json",))
    assert json.loads(result.stdout) == {
        "images": 7, "kept": 3, "dropped": 2, "unusable": 2,
        "dropped_by": {"tiny": 0, "bright": 2},
    }  # fmt: skip
    record = json.loads((place / "out" / "filter.json").read_text())
    tiny, bright = record["filters"]
    assert record["written_by"] == "fastpass filter"
    assert record["counts"] == {"images": 7, "kept": 3, "dropped": 2, "unusable": 2}
    assert (tiny["name"], tiny["params"], tiny["columns"], tiny["dropped"]) == (
        "tiny", {"least": 1}, ["width", "height"], 0,
    )  # fmt: skip
    assert tiny["function"].endswith(":large")
    assert bright["params"] == {"least": 100.0, "most": "inf"}
    text = (place / "filters.py").read_text()
    (place / "filters.py").write_text(text.replace("<= brightness", "< brightness"))
    assert run_filter(place, "@/filters.py:bright", output="again").exit_code == 0
    again = json.loads((place / "again" / "filter.json").read_text())["filters"][0]
    assert again["source"] != bright["source"]


def test_a_module_on_the_path_and_files_of_one_name(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "made_of_filters.py").write_text(FILTERS)
    monkeypatch.syspath_prepend(str(place))
    result = run_filter(place, "@/filters.py:large", "made_of_filters:large")
    assert result.exit_code == 0, result.output
    names = [f"{place}/filters.py:large", "made_of_filters:large"]
    record = json.loads((place / "out" / "filter.json").read_text())
    assert [used["name"] for used in record["filters"]] == names


@pytest.mark.parametrize("name", [b"not \xff utf8:.py", b"two words.py", b"random.py"])
def test_a_file_of_filters_may_have_any_name(place: Path, name: bytes) -> None:
    (place / os.fsdecode(name)).write_text(FILTERS)
    result = run_filter(place, f"@/{os.fsdecode(name)}:large")
    assert result.exit_code == 0, result.output
    assert "dropped by large: 2" in result.stdout


def test_a_key_with_a_newline_is_kept_apart(place: Path) -> None:
    (place / "photos" / "two\nlines.jpg").write_bytes(jpeg(3))
    assert run_filter(place, "@/filters.py:tiny").exit_code == 0
    assert "two\nlines" in read_keep_list(place / "out" / "keep.txt")
