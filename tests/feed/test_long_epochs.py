"""Thirty epochs over real photos in every engine: memory, threads and files stay flat."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from support.dali_pipelines import enabled

import fastpass as fp
from fastpass.pack.writer import pack_folder

RECIPE = fp.recipes.dino(global_size=96, local_size=48, num_local_crops=4)
NUM_EPOCHS = 30

pytestmark = [pytest.mark.long, pytest.mark.needs_shared]


@pytest.fixture(scope="module")
def photos(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "all.beton"
    pack_folder(shared_data / "photos_imagenet200", path, to="beton")
    return path


def _held() -> tuple[int, int]:
    """Threads, and open files."""
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.parametrize("backend", ["native", "dali", "ffcv"])
def test_thirty_epochs(photos: Path, backend: str) -> None:
    if backend == "dali":
        enabled()
    if backend == "ffcv":
        pytest.importorskip("ffcv", reason="FFCV is not installed")

    def epochs(number: int, loader: fp.Loader) -> None:
        for _ in range(number):
            assert sum(len(batch.sample_ids) for batch in loader) == len(loader.pack)

    def loader() -> fp.Loader:
        return fp.Loader(photos, RECIPE, batch_size=40, threads=2, backend=backend)

    with loader() as once:  # what an engine keeps for good
        epochs(1, once)
    gc.collect()
    before = _held()
    with loader() as measured:
        epochs(3, measured)
        running, memory = _held(), _resident_mib()
        epochs(NUM_EPOCHS - 3, measured)
        assert _held()[1] <= running[1]
        assert _resident_mib() - memory < 24
    del measured
    gc.collect()
    after = _held()
    assert after[0] <= before[0]
    assert after[1] <= before[1]
