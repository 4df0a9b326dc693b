"""Eviction from the page cache, told by the kernel itself."""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path

import pytest
from support.pictures import jpeg
from support.tars import image_tar

import fastpass as fp
from fastpass.bench.page_cache import evict, resident_fraction


def _lives_in_memory(path: Path) -> bool:
    device = os.stat(path).st_dev
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    kinds = {line.split()[2]: line.split(" - ")[1].split()[0] for line in mounts}
    return kinds.get(f"{os.major(device)}:{os.minor(device)}") in ("tmpfs", "ramfs")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    if _lives_in_memory(tmp_path):
        pytest.skip(f"{tmp_path} is on a file system that lives in memory")
    paths = [tmp_path / name for name in ("a", "b", "empty")]
    for path, num_bytes in zip(paths, (1_000_001, 300_000, 0), strict=True):
        path.write_bytes(os.urandom(num_bytes))
    return paths


def test_evict_empties_the_cache_and_reading_fills_it(files: list[Path]) -> None:
    assert resident_fraction(files) == 1
    assert evict(files) == resident_fraction(files) == 0
    files[1].read_bytes()
    assert 0.2 < resident_fraction(files) < 0.3
    assert resident_fraction(files[1:]) == 1


def test_mapped_pages_stay_and_are_reported(files: list[Path]) -> None:
    with files[0].open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapping:
        assert sum(mapping[::4096]) > 0
        assert evict(files[:1]) == 1
    assert evict(files[:1]) == 0


def test_nothing_is_resident_of_nothing(files: list[Path]) -> None:
    assert evict([]) == evict(files[2:]) == 0


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        evict([tmp_path / "nowhere"])


def test_prefetch_brings_samples_into_memory(tmp_path: Path) -> None:
    """What the loader asks for arrives without anybody reading it."""
    if _lives_in_memory(tmp_path):
        pytest.skip(f"{tmp_path} is on a file system that lives in memory")
    folder = tmp_path / "folder"
    folder.mkdir()
    for seed in range(30):
        (folder / f"{seed}.jpg").write_bytes(jpeg(seed))
    tar = image_tar(tmp_path / "x.tar", range(200))
    for source, paths in ((tar, [tar]), (folder, list(folder.iterdir()))):
        assert evict(paths) == 0
        with fp.Loader(fp.Pack(source), fp.recipes.rrc(size=16), batch_size=4, threads=1) as loader:
            evict(paths)
            loader._feed._feed_engine.prefetch([(0, len(loader.pack))])
            deadline = time.monotonic() + 10
            while resident_fraction(paths) < 0.9 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert resident_fraction(paths) >= 0.9
        del loader
