"""How long files and functions are, docstrings and comments included."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import NamedTuple

import lizard

SUFFIXES = {".py", ".h", ".cpp", ".cu", ".cuh"}


class Function(NamedTuple):
    path: Path
    name: str
    lines: int


def source_files(root: Path) -> list[Path]:
    """All sources under version control, relative to ``root``."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [Path(line) for line in listed.stdout.splitlines()]
    return [path for path in paths if path.suffix in SUFFIXES and (root / path).exists()]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions(path: Path) -> list[Function]:
    """Every function and method, those inside others too, without its decorators."""
    text = path.read_text()
    if path.suffix == ".py":
        return [
            Function(path, node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    # By its name lizard chooses the language; it does not know .cu and .cuh.
    found = lizard.analyze_file.analyze_source_code(str(path.with_suffix(".cpp")), text)
    return [Function(path, each.name, each.length) for each in found.function_list]
