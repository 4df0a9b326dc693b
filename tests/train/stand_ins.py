"""Stand-ins for pack and loader, where a test is about how they are called."""

from __future__ import annotations

from typing import Any

import pytest


class Pack:
    fingerprint = "abc"

    def __init__(self, source: str) -> None:
        self.source = source

    def __len__(self) -> int:
        return 40

    def fingerprint_of(self, kind: str) -> str:
        return kind


class Loader:
    """Remembers how it was made."""

    def __init__(self, pack: Pack, recipe: Any, **options: Any) -> None:
        self.pack, self.recipe, self.options = pack, recipe, options

    def __len__(self) -> int:
        return len(self.pack) // self.options["batch_size"]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastpass.pack.Pack", Pack)
    monkeypatch.setattr("fastpass.feed.Loader", Loader)
