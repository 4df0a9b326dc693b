"""The torchvision loader: the same samples as fastpass.Loader, torchvision's views of them."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.torchvision_loader import TorchvisionLoader, open_torchvision_data
from PIL import Image

import fastpass as fp
from fastpass.augment import Blur, Jitter, Recipe, ViewSpec
from fastpass.train.config import Config

NUM_IMAGES = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for index in range(NUM_IMAGES):
        pixels = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((40, 32), Image.Resampling.BICUBIC)
        image.save(folder / f"{index}.jpg", quality=95)
    return folder


def _recipe() -> Recipe:
    return fp.recipes.dino(global_size=32, local_size=16, num_local_crops=2)


def _loader(folder: Path, recipe: Recipe | None = None, **options: int) -> TorchvisionLoader:
    arguments = {"batch_size": 2, "seed": 3, **options}
    return TorchvisionLoader(fp.Pack(folder), recipe or _recipe(), **arguments)


def _views_by_id(*loaders: TorchvisionLoader) -> dict[int, list[torch.Tensor]]:
    return {
        int(sample_id): [view[row] for view in batch.views]
        for loader in loaders
        for batch in loader
        for row, sample_id in enumerate(batch.sample_ids)
    }


def test_samples_come_in_the_order_of_fastpass(folder: Path) -> None:
    for rank in (0, 1):
        theirs = _loader(folder, rank=rank, world_size=2)
        options = {"batch_size": 2, "seed": 3, "rank": rank, "world_size": 2, "threads": 1}
        with fp.Loader(folder, _recipe(), **options) as ours:
            assert len(ours) == len(theirs) == 3
            for epoch in (0, 4):
                theirs.set_epoch(epoch)
                ours.set_epoch(epoch)
                expected = [batch.sample_ids.tolist() for batch in ours]
                assert [batch.sample_ids.tolist() for batch in theirs] == expected


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"flip": 1.0},
        {"grayscale": 1.0},
        {"solarize": 1.0},
        {"blur": Blur(1.0, (1.5, 1.5))},
        {"jitter": Jitter(0.0, 0.0, 0.0, 0.0, probability=1.0)},
        {"mean": (0.1, 0.2, 0.3), "std": (0.4, 0.5, 0.6)},
    ],
    ids=lambda step: "-".join(step) or "resize",
)
def test_each_step_gives_the_pixels_of_fastpass_exact(folder: Path, step: dict) -> None:
    """With nothing left to chance both must make the same view."""
    whole = {"size": 24, "scale": (1.0, 1.0), "ratio": (1.25, 1.25), "interpolation": "bicubic"}
    recipe = Recipe("whole", (ViewSpec(**{**whole, "flip": 0.0, **step}),))
    (theirs,) = (batch for batch in _loader(folder, recipe, batch_size=NUM_IMAGES))
    options = {"batch_size": NUM_IMAGES, "seed": 3, "threads": 1}
    with fp.Loader(folder, recipe, mode="exact", **options) as ours:
        (batch,) = ours
    assert torch.equal(batch.sample_ids, theirs.sample_ids)
    torch.testing.assert_close(batch.views[0], theirs.views[0], rtol=0, atol=1e-5)


def test_views_depend_on_seed_epoch_and_sample_alone(folder: Path) -> None:
    alone = _views_by_id(_loader(folder))
    shared = _views_by_id(*(_loader(folder, rank=r, world_size=2, batch_size=3) for r in (0, 1)))
    assert len(alone) == NUM_IMAGES
    assert alone.keys() == shared.keys()
    for sample_id, views in alone.items():
        assert all(map(torch.equal, views, shared[sample_id]))
    other_epoch = _loader(folder)
    other_epoch.set_epoch(1)
    for other in (other_epoch, _loader(folder, seed=4)):
        changed = _views_by_id(other)
        assert not any(map(torch.equal, alone[min(alone)], changed[min(alone)]))


def test_drawing_leaves_the_generators_of_training_alone(folder: Path) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state(), random.getstate()
    next(iter(_loader(folder)))
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()


def test_it_goes_on_where_it_was_stopped(folder: Path) -> None:
    loader = _loader(folder)
    loader.set_epoch(2)
    batches = list(loader)
    loader.set_epoch(2)
    iterator = iter(loader)
    next(iterator), next(iterator)
    resumed = _loader(folder)
    resumed.load_state_dict(loader.state_dict())
    resumed.set_epoch(2)
    rest = list(resumed)
    assert len(rest) == len(batches) - 2
    for expected, batch in zip(batches[2:], rest, strict=True):
        assert torch.equal(expected.sample_ids, batch.sample_ids)
        assert all(map(torch.equal, expected.views, batch.views))


def test_training_gets_the_configured_recipe(folder: Path) -> None:
    params = {"global_size": 32, "local_size": 16, "num_local_crops": 3}
    config = Config(augment={"params": params}, data={"batch_size": 4}, train={"seed": 3})
    data = open_torchvision_data(config, str(folder), torch.device("cpu"))
    assert isinstance(data.loader, TorchvisionLoader)
    assert len(data.loader) == 3
    batch = next(iter(data.loader))
    assert [tuple(view.shape[1:]) for view in batch.views] == [(3, 32, 32)] * 2 + [(3, 16, 16)] * 3
    assert (data.num_samples, data.view_sizes) == (NUM_IMAGES, (32, 32, 16, 16, 16))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"blur": Blur(1.0, kind="gaussian")}, r"blur\.kind = 'gaussian'"),
        ({"crop": "center", "size": 24, "resize": 28}, "crop = 'center'"),
    ],
)
def test_what_the_transforms_cannot_do_is_refused(folder: Path, step: dict, words: str) -> None:
    recipe = Recipe("other", (replace(_recipe().views[0], **step),))
    with pytest.raises(fp.errors.BadArgument, match=words):
        _loader(folder, recipe)
