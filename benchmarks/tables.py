"""Writes the measured numbers of README.md and docs/ from the records in benchmarks/results.

    python -m benchmarks.tables            # rewrites what is out of date
    python -m benchmarks.tables --check    # only names it, and ends with exit code 1

A page holds a pair of marks, ``<!-- numbers: NAME -->`` and ``<!-- end of numbers -->``. What
stands between them is made from the region NAME of benchmarks/tables.toml, whose text names values
of the records in braces. The top of that file says how.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.machine import RESULTS

ROOT = Path(__file__).parents[1]
REGION = re.compile(r"(<!-- numbers: (\S+) -->\n)(.*?)(<!-- end of numbers -->)", re.DOTALL)
_VALUE = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")


class Tables:
    """The regions of a tables.toml, filled with the values of the records in ``results``."""

    def __init__(self, path: Path, results: Path = RESULTS) -> None:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        self._values: Mapping[str, Any] = tree["values"]
        self.regions: Mapping[str, Any] = tree["regions"]
        self._results = results

    def region(self, name: str) -> str:
        """The text of a region, ending in a newline."""
        rules = self.regions[name]
        text = rules["text"]
        for key in rules.get("each", []):
            text += rules["line"].replace("{key}", key)
        return _VALUE.sub(lambda found: self._value(found[1], found[2] or ""), text)

    def _value(self, name: str, arguments: str) -> str:
        if name not in self._values:
            raise KeyError(f"tables.toml has no value {name!r}")
        rules = self._values[name]
        words = [word.strip() for word in arguments.split(";")]
        found = self._find(rules["record"], rules["path"], words)
        if "over" in rules:
            found = found / self._find(rules["record"], rules["over"], words)
        if "minus" in rules:
            found = found - self._find(rules["record"], rules["minus"], words)
        if "of" in rules:
            found = float(rules["of"].format(*words)) / found
        text: str = rules["format"].format(found * rules["scale"] if "scale" in rules else found)
        return text

    def _find(self, record: str, path: str, words: list[str]) -> Any:
        path = path.format(*words)
        found = _record(self._results / f"{record.format(*words)}.json")
        for step in path.split(" > "):
            found = _child(found, step, path)
        return found


@cache
def _record(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _child(node: Any, step: str, path: str) -> Any:
    """A key of a mapping, a place in a list, or the one item of a list with ``key=value``s."""
    if isinstance(node, dict):
        if step not in node:
            raise KeyError(f"{path}: no {step!r}, there are: {', '.join(node)}")
        return node[step]
    if step.lstrip("-").isdigit():
        return node[int(step)]
    wanted = dict(pair.split("=") for pair in step.split("&"))
    items = [item for item in node if all(str(item[key]) == wanted[key] for key in wanted)]
    if len(items) != 1:
        raise KeyError(f"{path}: {len(items)} items with {step!r}")
    return items[0]


def pages() -> list[Path]:
    """Every page that may hold regions."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def filled(page: str, tables: Tables) -> str:
    """The text of a page, its regions made anew."""
    return REGION.sub(lambda found: found[1] + tables.region(found[2]) + found[4], page)


def main() -> int:
    tables = Tables(Path(__file__).with_suffix(".toml"))
    is_check, outdated = "--check" in sys.argv, []
    for path in pages():
        page = path.read_text(encoding="utf-8")
        wanted = filled(page, tables)
        if wanted != page:
            outdated.append(str(path.relative_to(ROOT)))
            if not is_check:
                path.write_text(wanted, encoding="utf-8")
    for name in outdated:
        print(f"{name} {'is out of date' if is_check else 'written'}")
    return 1 if is_check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
