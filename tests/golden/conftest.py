"""The golden files, made by an earlier commit (see make_golden.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import golden_values as golden
import pytest


@pytest.fixture(scope="session")
def values() -> dict[str, Any]:
    """What that commit computed."""
    loaded: dict[str, Any] = json.loads((golden.FILES / "values.json").read_text())
    return loaded


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that a test may not change; ``images`` holds the pictures unpacked."""
    folder = golden.laid_out(tmp_path_factory.mktemp("golden"))
    golden.unpacked(folder)
    return folder
