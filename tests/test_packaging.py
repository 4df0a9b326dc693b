"""What the package says about itself, and that it says the same everywhere."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import fastpass as fp

ROOT = Path(__file__).parents[1]


def _pyproject() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_one_version_everywhere() -> None:
    version = _pyproject()["version"]
    assert version == fp.__version__
    cmake = re.search(r"project\(fastpass VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    assert cmake is not None
    assert cmake.group(1) == version
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_public_name_exists() -> None:
    for name in fp.__all__:
        assert getattr(fp, name) is not None
    assert dir(fp) == sorted(fp.__all__)


def test_the_command_is_installed() -> None:
    (command,) = (
        entry for entry in entry_points(group="console_scripts") if entry.name == "fastpass"
    )
    assert command.value == "fastpass.__main__:main"


def test_nothing_is_newer_than_python_3_11_2() -> None:
    """Debian 12's Python: tarfile has no filters yet. (Linters know minor versions only.)"""
    for folder in ("fastpass", "benchmarks", "examples", "scripts", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    has_filter = any(keyword.arg == "filter" for keyword in node.keywords)
                    is_tar = node.func.attr in ("extract", "extractall")
                    assert not (is_tar and has_filter), f"{path}:{node.lineno}"


def test_every_document_that_is_linked_exists() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_command_of_the_readme_is_real() -> None:
    """Verbs and files named in the README's shell blocks exist."""
    from fastpass.cli import cli

    text = (ROOT / "README.md").read_text()
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    verbs = set(re.findall(r"^fastpass (\w+)", shell, re.MULTILINE))
    assert verbs
    for verb in verbs:
        assert cli.get_command(None, verb) is not None  # type: ignore[arg-type]
    for path in re.findall(r"configs/\S+\.toml", text):
        assert (ROOT / path.rstrip("`")).exists()


def test_no_placeholder_is_published() -> None:
    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        assert "@@" not in document.read_text(), document


def test_no_public_name_is_that_of_a_module() -> None:
    """Whoever imported such a module would put it where the name is."""
    modules = {path.stem for path in (ROOT / "fastpass").iterdir()}
    assert modules > {"augment", "feed", "types"}
    assert not modules & set(fp.__all__)
