"""A loader, and processes that are forked or started while it is open."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from support.loader_processes import CASES
from support.pictures import image_folder

import fastpass as fp
from fastpass.pack.writer import pack_folder

RECIPE = fp.recipes.rrc(size=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("pictures") / "root")


@pytest.mark.parametrize(
    ("case", "how"),
    [(case, "active") for case in CASES]
    + [(case, "idle") for case in ("fork", "fork_that_forgets", "pool", "workers")],
)
def test_other_processes(case: str, how: str, folder: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "support.loader_processes", case, str(folder), *how.split()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("case", CASES)
def test_other_processes_with_dali(
    case: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dali_pipelines = pytest.importorskip("support.dali_pipelines")
    dali_pipelines.enabled()
    monkeypatch.setenv("XDG_CACHE_HOME", str(dali_pipelines.CACHE))
    test_other_processes(case, "active dali", folder)


@pytest.fixture(scope="module")
def beton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ffcv")
    path = folder / "all.beton"
    pack_folder(image_folder(folder / "root"), path, to="beton")
    return path


QUICK_CASES = ("fork", "fork_that_opens_its_own", "spawn")


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.long] * (case not in QUICK_CASES)) for case in CASES],
)
def test_other_processes_with_ffcv(case: str, beton: Path) -> None:
    pytest.importorskip("ffcv", reason="FFCV is not installed")
    test_other_processes(case, "active ffcv", beton)


def _ids(loader: fp.Loader) -> list[list[int]]:
    return [batch.sample_ids.tolist() for batch in loader]


def test_a_pickled_loader_goes_on_where_it_was(folder: Path) -> None:
    options = {"weights": np.arange(24), "dtype": "float16", "order": "quasi_random", "seed": 9}
    with fp.Loader(folder, RECIPE, batch_size=4, rank=1, world_size=2, **options) as loader:  # type: ignore[arg-type]
        for copied in (pickle.loads(pickle.dumps(loader)), copy.deepcopy(loader)):
            with copied:
                for mine, theirs in zip(copied, loader, strict=True):
                    assert torch.equal(mine.views[0], theirs.views[0])
                    assert mine.weights is not None
                    assert torch.equal(mine.weights, theirs.weights)
            loader.set_epoch(0)
        running = iter(loader)
        next(running)
        saved = pickle.dumps(loader)
        rest = [batch.sample_ids.tolist() for batch in running]
    with pickle.loads(saved) as copied:
        assert _ids(copied) == rest
        assert copied.stats().num_batches == len(rest)
        assert copied.pack.sample_ids.tolist() == fp.Pack(folder).sample_ids.tolist()


def test_a_closed_loader_says_why_it_is_not_pickled(folder: Path) -> None:
    loader = fp.Loader(folder, RECIPE, batch_size=4)
    loader.close()
    with pytest.raises(fp.Closed, match="cannot be pickled"):
        pickle.dumps(loader)


def test_a_copy_over_other_data_is_refused(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root", num_classes=1)
    with fp.Loader(root, RECIPE, batch_size=4) as loader:
        saved = pickle.dumps(loader)
    (root / "class_0" / "picture_3.jpg").unlink()
    with pytest.raises(fp.ConfigError, match="fingerprint"):
        pickle.loads(saved)
