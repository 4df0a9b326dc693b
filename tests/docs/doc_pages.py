"""Reads our Markdown pages: code blocks with their marks, headings, links, tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
PAGE_NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

# A mark is a comment on the line above a code block:
#   <!-- not run: WHY -->          its commands are only parsed
#   <!-- run with: WORDS -->       WORDS are added to its last command, so that it ends in seconds
#   <!-- saved as: NAME -->        it is written to this file, and run too
#   <!-- run on the twin -->       device="cuda" is the CPU where there is no GPU
_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```", re.M | re.S
)
_FENCED = re.compile(r"^```.*?^```", re.M | re.S)
MARKS = ("not run: ", "run with: ", "saved as: ", "run on the twin")


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    page: Path
    line: int  # of its first line of code
    language: str
    text: str
    mark: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def marked(self, kind: str) -> str | None:
        """What follows ``kind`` in the mark; None without such a mark."""
        return self.mark[len(kind) :] if self.mark.startswith(kind) else None


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page,
            text[: found.start("text")].count("\n") + 1,
            found["language"],
            found["text"],
            found["mark"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def prose(page: Path) -> str:
    """The page with its code blocks and inline code blanked, line by line as before."""
    text = page.read_text(encoding="utf-8")
    text = _FENCED.sub(lambda found: "\n" * found[0].count("\n"), text)
    return re.sub(r"`[^`\n]*`", lambda found: " " * len(found[0]), text)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))
