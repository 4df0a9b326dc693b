"""The loader in every loop of Lightning's Trainer, without an adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from support.pictures import image_folder

import fastpass as fp

lightning = pytest.importorskip("lightning")

TRAINING = fp.recipes.rrc(size=16)
EVALUATION = fp.recipes.evaluation(size=16, resize=20)


class Model(lightning.LightningModule):  # type: ignore[name-defined, misc]
    """Remembers which samples it saw in which loop."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)
        self.seen: dict[str, list[list[int]]] = {"fit": [], "val": [], "test": [], "predict": []}

    def _loss(self, loop: str, batch: fp.Batch) -> torch.Tensor:
        self.seen[loop].append(batch.sample_ids.tolist())
        return self.layer(batch.views[0].mean((2, 3))).square().mean()

    def training_step(self, batch: fp.Batch, _: int) -> torch.Tensor:
        return self._loss("fit", batch)

    def validation_step(self, batch: fp.Batch, _: int) -> None:
        self.log("val_loss", self._loss("val", batch), batch_size=len(batch.sample_ids))

    def test_step(self, batch: fp.Batch, batch_idx: int) -> None:
        del batch_idx
        self._loss("test", batch)

    def predict_step(self, batch: fp.Batch, _: int) -> torch.Tensor:
        self._loss("predict", batch)
        return batch.sample_ids

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1e-3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("pictures") / "root", num_classes=2, per_class=5)


@pytest.fixture
def training(folder: Path) -> Iterator[fp.Loader]:
    with fp.Loader(folder, TRAINING, batch_size=2, threads=1) as loader:
        yield loader


@pytest.fixture
def evaluation(folder: Path) -> Iterator[fp.Loader]:
    with fp.Loader(folder, EVALUATION, batch_size=4, threads=1) as loader:
        yield loader


@pytest.fixture
def in_order(folder: Path) -> list[list[int]]:
    ids = fp.Pack(folder).sample_ids.tolist()
    return [ids[0:4], ids[4:8], ids[8:10]]


def _trainer(**options: Any) -> Any:
    return lightning.Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, **options,
    )  # fmt: skip


def test_fit_with_a_validation_loader(
    training: fp.Loader, evaluation: fp.Loader, in_order: list[list[int]]
) -> None:
    model = Model()
    _trainer(max_epochs=2, num_sanity_val_steps=1).fit(model, training, evaluation)
    assert model.seen["val"] == [in_order[0], *in_order, *in_order]
    first, second = model.seen["fit"][:5], model.seen["fit"][5:]
    assert first != second
    everything = sorted(i for batch in in_order for i in batch)
    assert sorted(i for batch in first for i in batch) == everything
    assert sorted(i for batch in second for i in batch) == everything


@pytest.mark.parametrize("loop", ["validate", "test"])
def test_evaluation_loops(loop: str, evaluation: fp.Loader, in_order: list[list[int]]) -> None:
    model, trainer = Model(), _trainer()
    for _ in range(2):
        getattr(trainer, loop)(model, evaluation, verbose=False)
    assert model.seen["val" if loop == "validate" else loop] == in_order * 2


def test_predict(evaluation: fp.Loader, in_order: list[list[int]]) -> None:
    predicted = _trainer().predict(Model(), evaluation)
    assert [ids.tolist() for ids in predicted] == in_order


def test_part_of_an_epoch_is_another_part_each_time(training: fp.Loader, folder: Path) -> None:
    """limit_train_batches leaves every epoch early."""
    model = Model()
    _trainer(max_epochs=3, limit_train_batches=2).fit(model, training)
    with fp.Loader(folder, TRAINING, batch_size=2, threads=1) as loader:
        whole = [[batch.sample_ids.tolist() for batch in loader] for _ in range(3)]
    assert model.seen["fit"] == [batch for epoch in whole for batch in epoch[:2]]


def test_overfitting_on_the_same_batches(folder: Path) -> None:
    model = Model()
    with fp.Loader(folder, TRAINING, batch_size=2, threads=1, shuffle=False) as loader:
        _trainer(max_epochs=2, overfit_batches=2).fit(model, loader)
    assert model.seen["fit"][:2] == model.seen["fit"][2:]
