"""close() frees everything at once, whoever still holds the loader or a batch."""

from __future__ import annotations

import gc
import logging
import os
from pathlib import Path

import pytest
from support.pictures import image_folder
from support.tars import image_tar

import fastpass as fp

RECIPE = fp.recipes.rrc(size=16)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def _num_maps(name: str) -> int:
    return Path("/proc/self/maps").read_text().count(name)


def test_a_batch_outlives_its_loader_and_an_iteration_does_not(tmp_path: Path) -> None:
    loader = fp.Loader(image_folder(tmp_path / "root"), RECIPE, batch_size=12, threads=1)
    kept = next(iter(loader))
    running = iter(loader)
    loader.close()
    assert kept.views[0].isfinite().all()
    with pytest.raises(fp.Closed):
        next(running)


@pytest.mark.parametrize("reads", ["mmap", "pread"])
def test_the_files_go(tmp_path: Path, reads: str) -> None:
    tars = [str(image_tar(tmp_path / f"shard_{n}.tar", range(4 * n, 4 * n + 4))) for n in range(5)]
    gc.collect()  # no file of an earlier test closes meanwhile
    before = _open_files()
    loader = fp.Loader(tars, RECIPE, batch_size=4, threads=1, reads=reads)  # type: ignore[arg-type]
    assert len(list(loader)) == 5
    loader.close()
    assert _open_files() == before
    assert _num_maps("shard_") == 0
    with pytest.raises(fp.Closed):
        len(loader.pack)


def test_what_can_still_be_asked(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    (root / "class_0" / "picture_1.jpg").write_bytes(b"no picture")
    loader = fp.Loader(root, RECIPE, batch_size=6, on_error="skip", shuffle=False, threads=2)
    list(loader)
    stats, state = loader.stats(), loader.state_dict()
    loader.close()
    assert loader.stats() == stats
    assert stats.num_skipped == len(loader.skipped) == 1
    assert loader.state_dict() == state
    assert (len(loader), loader.epoch) == (4, 1)
    with pytest.raises(fp.Closed, match="make a new one"):
        iter(loader)


def test_a_pack_that_was_handed_in_stays_open(tmp_path: Path) -> None:
    pack = fp.Pack(image_folder(tmp_path / "root"))
    for _ in range(2):
        with fp.Loader(pack, RECIPE, batch_size=6) as loader:
            next(iter(loader))
    assert len(pack[0].data) > 0


def test_what_is_left_out_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = image_folder(tmp_path / "root")
    options = {"batch_size": 4, "threads": 1}
    with caplog.at_level(logging.WARNING, "fastpass"):
        with fp.Loader(root, RECIPE, **options) as loader:  # type: ignore[arg-type]
            list(loader)
        assert caplog.messages == []
        (root / "stray.jpg").write_bytes((root / "class_0" / "picture_1.jpg").read_bytes())
        for rank in range(2):
            with fp.Loader(root, RECIPE, rank=rank, world_size=2, **options) as loader:  # type: ignore[arg-type]
                list(loader)
    (message,) = caplog.messages
    assert message == f"{root}: image folder: 3 classes, 24 images; left out: 1 image in the root"
