"""``fastpass filter``: its three files, exit codes, names of filters and of images."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from support.pictures import jpeg

import fastpass as fp
from fastpass.cli import cli
from fastpass.pack import read_keep_list

pq = pytest.importorskip("pyarrow.parquet")

FILTERS = """
import fastpass as fp
from beside import LEAST

@fp.image_filter
def large(width, height, least=LEAST):
    return min(width, height) >= least

@fp.image_filter
def bright(brightness, least=100.0, most=float("inf")):
    return least <= brightness <= most

tiny = large.with_params(least=1)

@fp.image_filter
def fails(width):
    return 1 // (width - width) > 0

@fp.image_filter
def no_bool(width):
    return width

def plain(width):
    return True
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (60, 60), (200, 200, 200)).save(photos / "a light.png")
    Image.new("RGB", (60, 60), (20, 20, 20)).save(photos / "b_dark.png")
    Image.new("RGB", (40, 60), (20, 20, 20)).save(photos / "c_small_and_dark.png")
    (photos / "d_cut.jpg").write_bytes(jpeg(1)[:700])
    (photos / "e_empty.jpg").write_bytes(b"")
    Image.new("RGB", (50, 60), (210, 150, 200)).save(photos / 'f ümläut,"quoted".png')
    (photos / os.fsdecode(b"g_\xff.jpg")).write_bytes(jpeg(3, 64, 80))
    (tmp_path / "filters.py").write_text(FILTERS)
    (tmp_path / "beside.py").write_text("LEAST = 50\n")
    return tmp_path


def run(place: Path, *names: str, output: str = "out", more: tuple[object, ...] = ()) -> Result:
    filters = [word for name in names for word in ("--filter", name.replace("@", str(place)))]
    words = ["filter", place / "photos", *filters, "-o", place / output, *more]
    return CliRunner().invoke(cli, [str(word) for word in words])


def table_of(place: Path) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = pq.read_table(place / "out" / "filter.parquet").to_pydict()
    return table


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_images_are_kept_that_all_filters_keep(place: Path) -> None:
    before = tree(place)
    result = run(place, "@/filters.py:large", "@/filters.py:bright", more=("--threads", 2))
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
    result = run(place, "@/filters.py:tiny", "@/filters.py:bright", more=("--json",))
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
    assert run(place, "@/filters.py:bright", output="again").exit_code == 0
    again = json.loads((place / "again" / "filter.json").read_text())["filters"][0]
    assert again["source"] != bright["source"]


def test_a_module_on_the_path_and_files_of_one_name(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "made_of_filters.py").write_text(FILTERS)
    monkeypatch.syspath_prepend(str(place))
    result = run(place, "@/filters.py:large", "made_of_filters:large")
    assert result.exit_code == 0, result.output
    names = [f"{place}/filters.py:large", "made_of_filters:large"]
    record = json.loads((place / "out" / "filter.json").read_text())
    assert [used["name"] for used in record["filters"]] == names


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        (["@/filters.py:larger"], 2, "no such filter.*there: large, bright, tiny, fails, no_bool"),
        (["@/filters.py:plain"], 2, "decorated with @fastpass.image_filter"),
        (["@/filters.py"], 2, "wanted FILE.py:NAME or module:NAME"),
        (["@/missing.py:large"], 2, "cannot read .*missing.py: No such file"),
        (["no_such_module:large"], 2, "importing no_such_module failed .ModuleNotFoundError"),
        (["@/broken.py:large"], 2, "importing .*broken.py failed .SyntaxError"),
        (["@/filters.py:large", "@/filters.py:large"], 2, "given twice"),
        ([], 2, "Missing option '--filter'"),
        (["@/filters.py:fails"], 1, "BadFilter: .*filters.py:.*at image 'a light'.*ZeroDivision"),
        (["@/filters.py:no_bool"], 1, "BadFilter: .*filters.py:.*returns int64, wanted a bool"),
        (["@/unknown.py:by_blur"], 2, "unknown.py:2.*'blur'.*width, height, num_bytes"),
    ],
)
def test_a_bad_filter_is_one_line_and_writes_nothing(
    place: Path, names: list[str], code: int, message: str
) -> None:
    (place / "broken.py").write_text("def large(:\n")
    (place / "unknown.py").write_text(
        "import fastpass as fp\n@fp.image_filter\ndef by_blur(blur):\n    return blur > 1\n"
    )
    result = run(place, *names)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert re.search(message, result.stderr), result.stderr
    assert not (place / "out").exists()


def test_the_output_never_becomes_part_of_the_source(place: Path) -> None:
    before = tree(place)
    result = run(place, "@/filters.py:tiny", output="photos/out")
    assert result.exit_code == 1
    assert "WouldOverwrite" in result.stderr
    assert tree(place) == before


def test_a_key_with_a_newline_is_kept_apart(place: Path) -> None:
    (place / "photos" / "two\nlines.jpg").write_bytes(jpeg(3))
    assert run(place, "@/filters.py:tiny").exit_code == 0
    assert "two\nlines" in read_keep_list(place / "out" / "keep.txt")
