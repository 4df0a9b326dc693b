"""README and docs: no dead link, no broken table, no file named that is not there."""

from __future__ import annotations

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest
from doc_pages import MARKS, PAGE_NAMES, PAGES, ROOT, anchors, blocks, links, prose

# Words of ours that a reader cannot know.
PRIVATE_WORDS = re.compile(r"\b(owed|the debt|floor, aim|witness(es)?)\b", re.IGNORECASE)
_FILE = re.compile(r"`([\w./*-]+\.(?:h|cpp|cu|cuh|py|toml|md|sh|json))(?:::\w+)?`")
_FOLDERS = ("csrc/", "fastpass/", "tests/", "benchmarks/", "docs/", "configs/", "examples/")


def _tracked() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page}: no heading for {link}"


def broken_tables(text: str) -> list[str]:
    """Rows with another number of cells than their table's head, and rows without a head."""
    faults, head = [], None
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith("|"):
            head = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line.strip()))
        if head is None:
            following = lines[number] if number < len(lines) else ""
            if not re.fullmatch(r"\|(\s*:?-+:?\s*\|)+", following.strip()):
                faults.append(f"line {number} begins a table without a head")
            head = cells
        elif cells != head:
            faults.append(f"line {number} has {cells - 1} cells, its head has {head - 1}")
    return faults


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_tables_are_whole(page: Path) -> None:
    assert not broken_tables(prose(page))


def test_a_split_table_would_be_found() -> None:
    whole = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert not broken_tables(whole)
    assert broken_tables(whole + "\n| 3 | 4 |\n")
    assert broken_tables(whole + "| 3 |\n")


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_files_that_are_named_exist(page: Path) -> None:
    """`csrc/a/b.h` by its whole path; `b.h` alone if some file of that name is there."""
    files = _tracked()
    names = {Path(file).name for file in files}
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for found in _FILE.findall(text):
        if found.startswith(_FOLDERS):
            assert list(ROOT.glob(found)), f"{page}: {found}"
        elif found.endswith((".h", ".cpp", ".cu", ".cuh", ".py")):
            assert fnmatch.filter(names, Path(found).name), f"{page}: {found}"


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_marks_are_known_and_give_reasons(page: Path) -> None:
    for block in blocks(page):
        if block.mark.startswith(("numbers", "end of numbers")) or not block.mark:
            continue
        assert block.mark.startswith(MARKS), f"{block.place}: {block.mark}"
        reason = block.marked("not run: ")
        assert reason is None or len(reason) > 10, f"{block.place}: say why"


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_no_private_words(page: Path) -> None:
    found = PRIVATE_WORDS.search(prose(page))
    assert not found, f"{page}: {found}"


def figures_by_hand(text: str) -> list[str]:
    """Measured speeds, times and ratios outside of the parts that benchmarks.tables writes."""
    text = re.sub(r"<!-- numbers: .*?<!-- end of numbers -->", "", text, flags=re.S)
    return re.findall(r"\d[\d.,]*(?:x\b(?!\d)| images/s| MB/s| ms\b| µs| us\b)", text)


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_measured_figures_come_from_records(page: Path) -> None:
    if page.parent.name != "notes":  # a diary, which says so
        assert not figures_by_hand(prose(page)), f"{page}: move it to benchmarks/tables.toml"


def test_a_figure_by_hand_would_be_found() -> None:
    assert figures_by_hand("it is 2.1x as fast, at 577 images/s, in 0.8 ms") == [
        "2.1x", "577 images/s", "0.8 ms",
    ]  # fmt: skip
    assert not figures_by_hand(
        "blocks of 8x8, views of 2x224; <!-- numbers: a -->\n3x\n<!-- end of numbers -->"
    )


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        paths = [link.partition("#")[0] for link in links(page) if ".md" in link]
        targets = [(page.parent / path).resolve() for path in paths if path]
        waiting += [target for target in targets if target.suffix == ".md" and target.exists()]
    assert set(PAGES) <= reached


def said_twice(text: str) -> list[str]:
    """Lines of a changelog that share most of their words with a line before."""
    lines = re.findall(r"^- .*(?:\n  .*)*", text, re.M)
    words = [set(re.findall(r"\w+", line)) for line in lines]
    return [
        lines[i]
        for i in range(len(lines))
        if any(len(words[i] & words[j]) > 0.5 * len(words[i] | words[j]) for j in range(i))
    ]


def test_the_changelog_says_everything_once() -> None:
    assert not said_twice((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def test_a_line_that_was_merged_twice_would_be_found() -> None:
    line = "- `Loader`: an epoch that is left early is not replayed, as torch does it."
    assert said_twice(f"{line}\n- Something else.\n{line.replace('replayed', 'repeated')}")
