"""A small folder of JPEGs, and a job on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.pictures import jpeg

from fastpass.augment.recipes import RECIPES
from fastpass.bench.peers.feed_peer import FeedJob
from fastpass.bench.peers.photos import collect_photos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    root.mkdir()
    for seed in range(6):
        (root / f"{seed}.jpg").write_bytes(jpeg(seed, 120 + 10 * seed, 180 - 10 * seed))
    return root


@pytest.fixture
def make_job(folder: Path, tmp_path: Path) -> Callable[..., FeedJob]:
    def make(recipe: str = "rrc", *, threads: int = 1, batch_size: int = 2) -> FeedJob:
        scratch = tmp_path / f"scratch-{recipe}-{threads}"
        photos = collect_photos(str(folder), scratch, epoch_size=4 * batch_size)
        return FeedJob(photos, RECIPES[recipe](), batch_size, threads, 0, scratch)

    return make
