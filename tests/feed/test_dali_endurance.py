"""DALI pipelines with our operators, epoch after epoch: memory, threads and files stay flat."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.dali_pipelines import dali, enabled, pipeline
from support.pictures import image_folder

import fastpass as fp

fn, types = dali.fn, dali.types
RECIPE = fp.recipes.dino(global_size=64, local_size=32, num_local_crops=2)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("root"), num_classes=2, per_class=20)


def _threads_and_files() -> tuple[int, int]:
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _epochs(root: Path, number: int) -> None:
    text = enabled().recipe(RECIPE)

    def define() -> Any:
        encoded, _ = fn.readers.file(file_root=str(root), random_shuffle=True, name="reader")
        epoch = fn.cast(fn.random.uniform(range=[0, 2**20]), dtype=types.INT32)
        pixels = fn.resize(fn.fastpass.decode(encoded), size=(8, 8))
        return [*fn.fastpass.multi_crop(encoded, recipe=text, epoch=epoch, seed=0), pixels]

    made = pipeline(define, batch_size=8)
    for _ in range(number * made.epoch_size("reader") // 8):
        outputs = made.run()
        assert np.isfinite(outputs[0].as_array()).all()


def test_thirty_epochs_of_a_pipeline(root: Path) -> None:
    _epochs(root, 5)
    gc.collect()
    before, memory = _threads_and_files(), _resident_mib()
    _epochs(root, 30)
    gc.collect()
    after = _threads_and_files()
    assert after[0] <= before[0]
    assert after[1] <= before[1]
    assert _resident_mib() - memory < 24


def test_fifty_pipelines_that_fail(root: Path, tmp_path: Path) -> None:
    """Each ends with a damaged image in the middle of a batch; the next one works."""
    folder = image_folder(tmp_path, num_classes=1, per_class=4)
    cut = folder / "class_0" / "picture_2.jpg"
    cut.write_bytes(cut.read_bytes()[:-300])
    text = enabled().recipe(RECIPE)

    def run(source: Path) -> None:
        def define() -> Any:
            encoded, _ = fn.readers.file(file_root=str(source))
            return fn.fastpass.multi_crop(encoded, recipe=text, epoch=0, seed=0)

        pipeline(define, batch_size=4).run()

    def fail_and_go_on() -> None:
        with pytest.raises(RuntimeError, match=r"CorruptImage: sample 2 .*picture_2\.jpg"):
            run(folder)
        run(root)

    for _ in range(5):
        fail_and_go_on()
    gc.collect()
    before, memory = _threads_and_files(), _resident_mib()
    for _ in range(45):
        fail_and_go_on()
    gc.collect()
    after = _threads_and_files()
    assert after[0] <= before[0]
    assert after[1] <= before[1]
    assert _resident_mib() - memory < 24
