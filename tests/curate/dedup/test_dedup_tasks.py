"""The same result, at once or by tasks, whoever runs them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from support.dedup_photos import contents

from fastpass.curate.dedup import DedupOptions, dedup


def test_many_images_by_tasks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs as tasks gives what is done at once."""
    options = {"against": str(folder), "options": DedupOptions(dihedral=True)}
    dedup(str(folder), tmp_path / "at once", **options)  # type: ignore[arg-type]
    monkeypatch.setattr("fastpass.curate.dedup.run.SAMPLES_PER_TASK", 5)
    monkeypatch.setattr("fastpass.curate.dedup.matching._FEW_CODES", 2)
    monkeypatch.setattr("fastpass.curate.dedup.matching._QUERIES_PER_TASK", 7)
    dedup(str(folder), tmp_path / "tasks", **options)  # type: ignore[arg-type]
    assert len(list((tmp_path / "tasks" / "work").glob("*.parquet"))) > 40
    assert contents(tmp_path / "at once") == contents(tmp_path / "tasks")


def _backends() -> list[Any]:
    has_ray = importlib.util.find_spec("ray") is not None
    needs_ray = pytest.mark.skipif(not has_ray, reason="the package ray is not installed")
    return ["local", pytest.param("ray", marks=needs_ray)]


@pytest.mark.parametrize("backend", _backends())
def test_backends_give_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: Any
) -> None:
    dedup(str(folder), tmp_path / "one")
    monkeypatch.setattr("fastpass.curate.dedup.run.SAMPLES_PER_TASK", 9)
    dedup(str(folder), tmp_path / "many", options=DedupOptions(threads=2, backend=backend))
    assert len(list((tmp_path / "many" / "work").glob("hashes-*.parquet"))) == 4
    assert contents(tmp_path / "one") == contents(tmp_path / "many")
