"""Whole runs on real images: a run goes on in another engine and does not change."""

from __future__ import annotations

from pathlib import Path

import launched
import pytest
import torch  # noqa: F401
from support.dali_pipelines import enabled
from support.pictures import image_folder

from fastpass.errors import MissingBackend
from fastpass.pack.writer import pack_folder
from fastpass.train.read_config import read_config
from fastpass.train.run import train

pytestmark = pytest.mark.slow

SETTINGS = (
    "train.epochs=2", "data.batch_size=8", "data.threads=2", "train.threads_per_rank=1",
    "checkpoint.every_epochs=0.5", "checkpoint.keep=99", "augment.params.global_size=16",
    "augment.params.local_size=16", "augment.params.num_local_crops=1", "data.device=cpu",
)  # fmt: skip
NUM_STEPS = 6  # 24 images, 8 per step, 2 epochs


def _run(images: Path, output: Path, backend: str, *, should_resume: bool = False) -> bool:
    config = read_config(launched.TINY, [*SETTINGS, f"feed.backend={backend}"])
    return train(config, str(images), output, should_resume=should_resume)


@pytest.fixture(scope="module")
def beton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    pack_folder(image_folder(folder / "root"), folder / "images.beton", to="beton")
    return folder / "images.beton"


@pytest.fixture(scope="module")
def whole(beton: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("whole")
    assert _run(beton, output, "native") is True
    return output


@pytest.mark.parametrize("backend", ["dali", "ffcv"])
def test_a_run_goes_on_in_another_engine(
    beton: Path, whole: Path, tmp_path: Path, backend: str
) -> None:
    enabled() if backend == "dali" else pytest.importorskip("ffcv")
    resumed = tmp_path / "resumed"
    launched.back_to(2, whole, resumed)
    assert _run(beton, resumed, backend, should_resume=True) is True
    files = ("teacher.safetensors", "student.safetensors", "resume.safetensors")
    launched.assert_equal_runs(resumed, whole, files)


def test_ffcv_wants_a_beton_and_says_how_to_get_one(beton: Path, tmp_path: Path) -> None:
    pytest.importorskip("ffcv")
    folder = beton.parent / "root"
    with pytest.raises(MissingBackend, match="fastpass pack SOURCE --to beton"):
        _run(folder, tmp_path / "run", "ffcv")
