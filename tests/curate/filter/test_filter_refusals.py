"""``fastpass filter``: what it refuses, by which exit code, and that nothing is written then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.filtered_place import make_filtered_place, run_filter, tree

pytest.importorskip("pyarrow")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return make_filtered_place(tmp_path)


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
        (["@/ends.py:large"], 2, "importing .*ends.py failed .SystemExit: 3"),
        (["@/unknown.py:by_blur"], 2, "unknown.py:2.*'blur'.*width, height, num_bytes"),
    ],
)
def test_a_bad_filter_is_one_line_and_writes_nothing(
    place: Path, names: list[str], code: int, message: str
) -> None:
    (place / "broken.py").write_text("def large(:\n")
    (place / "ends.py").write_text("raise SystemExit(3)\n")
    (place / "unknown.py").write_text(
        "import fastpass as fp\n@fp.image_filter\ndef by_blur(blur):\n    return blur > 1\n"
    )
    result = run_filter(place, *names)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert re.search(message, result.stderr), result.stderr
    assert not (place / "out").exists()


def test_the_output_never_becomes_part_of_the_source(place: Path) -> None:
    before = tree(place)
    result = run_filter(place, "@/filters.py:tiny", output="photos/out")
    assert result.exit_code == 1
    assert "WouldOverwrite" in result.stderr
    assert tree(place) == before
