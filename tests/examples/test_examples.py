"""The examples run, and fp.Loader works in each framework without an adapter."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from support.pictures import image_folder
from support.tars import image_tar
from support.view_hashes import BatchRecord, batch_record

import fastpass as fp

EXAMPLES = Path(__file__).parents[2] / "examples"


class Recorder(fp.Loader):
    """A loader that remembers what it handed out."""

    made: list[Recorder] = []  # noqa: RUF012

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.epochs: list[list[BatchRecord]] = []
        Recorder.made.append(self)

    def __iter__(self) -> Iterator[fp.Batch]:
        self.epochs.append([])
        for batch in super().__iter__():
            self.epochs[-1].append(batch_record(batch.to("cpu")))
            yield batch


@pytest.fixture
def recorders(monkeypatch: pytest.MonkeyPatch) -> list[Recorder]:
    monkeypatch.setattr(Recorder, "made", [])
    monkeypatch.setattr(fp, "Loader", Recorder)
    return Recorder.made


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("pictures") / "root", num_classes=2, per_class=6)


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _arguments(name: str, images: Path, tmp_path: Path) -> list[str]:
    arguments = [str(images), "--epochs", "2", "--batch-size", "4", "--size", "32"]
    return [*arguments, "--output", str(tmp_path)] if name == "lightning_module" else arguments


@pytest.mark.parametrize("name", ["pytorch_loop", "lightning_module", "accelerate_loop"])
def test_it_trains_on_new_views_every_epoch(
    name: str, images: Path, tmp_path: Path, recorders: list[Recorder]
) -> None:
    if name != "pytorch_loop":
        pytest.importorskip(name.split("_")[0])
    result = CliRunner().invoke(_module(name).main, _arguments(name, images, tmp_path))
    assert result.exit_code == 0, (result.output, result.exception)
    assert "loss" in result.output
    assert "images/s" in result.output
    (loader,) = recorders
    first, second = [epoch for epoch in loader.epochs if epoch]
    assert len(first) == len(second) == 3
    seen = [sorted(i for ids, _ in epoch for i in ids) for epoch in (first, second)]
    assert seen[0] == seen[1] == sorted(fp.Pack(images).sample_ids.tolist())
    hashes = [{h for _, batch in epoch for h in batch} for epoch in (first, second)]
    assert len(hashes[0]) == 12
    assert not hashes[0] & hashes[1]


@pytest.mark.parametrize("ending", ["jpg", "JPEG", "png", "tar", "bin"])
def test_views_of_tensors_of_another_decoder(tmp_path: Path, ending: str) -> None:
    """Whatever the files are called; a .JPEG was not found, and nobody said so."""
    pytest.importorskip("torchvision")
    folder = tmp_path / "two"
    if ending == "tar":
        folder.mkdir()
        image_tar(folder / "a.tar", range(2))
    else:
        for path in sorted(image_folder(folder, num_classes=1, per_class=2).rglob("*.jpg")):
            if ending == "png":
                Image.open(path).save(path.with_suffix(".png"))
                path.unlink()
            else:
                path.rename(path.with_suffix(f".{ending}"))
    result = CliRunner().invoke(_module("own_decoder").main, [str(folder)])
    if ending == "bin":
        assert isinstance(result.exception, fp.BadPack)
        return
    assert result.exit_code == 0, (result.output, result.exception)
    device = "cuda:0" if torch.cuda.is_available() else "cpu"
    assert result.output.splitlines() == [
        f"[2, 3, {size}, {size}] torch.bfloat16 {device}" for size in (224, 224, 96, 96)
    ]


@pytest.mark.parametrize(
    "name", ["pytorch_loop", "lightning_module", "accelerate_loop", "own_decoder"]
)
def test_odd_input_is_named(name: str, tmp_path: Path) -> None:
    if name != "own_decoder":
        pytest.importorskip(name.split("_")[0].replace("pytorch", "torch"))
    main = _module(name).main
    for source in (tmp_path, tmp_path / "none"):
        assert isinstance(CliRunner().invoke(main, [str(source)]).exception, fp.BadPack)
    for option in ("--epochs", "--size", "--count"):
        assert CliRunner().invoke(main, [str(tmp_path), option, "0"]).exit_code == 2


@pytest.mark.parametrize(
    "name", ["pytorch_loop", "lightning_module", "accelerate_loop", "own_decoder"]
)
def test_it_is_short(name: str) -> None:
    assert len((EXAMPLES / f"{name}.py").read_text().splitlines()) < 60


def _fit(
    images: Path, folder: Path, max_epochs: int, checkpoint: Path | None = None, **saving: Any
) -> list[BatchRecord]:
    """The batches that a trainer takes from a loader of its own; it saves into ``folder``."""
    lightning = pytest.importorskip("lightning")
    saver = lightning.pytorch.callbacks.ModelCheckpoint(
        dirpath=folder, filename="{step}", save_top_k=-1, **saving
    )
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=max_epochs, callbacks=[saver], logger=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    model = _module("lightning_module").Contrastive()
    with fp.Loader(images, fp.recipes.moco_v2(size=32), batch_size=2, threads=1) as loader:
        assert isinstance(loader, Recorder)
        trainer.fit(model, loader, ckpt_path=checkpoint, weights_only=False)
        return [batch for epoch in loader.epochs for batch in epoch]


@pytest.mark.usefixtures("recorders")
def test_lightning_resumes_with_the_next_batch(images: Path, tmp_path: Path) -> None:
    """From checkpoints in the middle of an epoch of six batches, and at its end."""
    whole = _fit(images, tmp_path / "a", 2, every_n_train_steps=4)
    assert len(whole) == 12
    assert _fit(images, tmp_path / "b", 2, tmp_path / "a" / "step=4.ckpt") == whole[4:]
    assert _fit(images, tmp_path / "c", 2, tmp_path / "a" / "step=8.ckpt") == whole[8:]
    assert _fit(images, tmp_path / "d", 1) == whole[:6]
    assert _fit(images, tmp_path / "e", 2, tmp_path / "d" / "step=6.ckpt") == whole[6:]


def test_lightning_says_the_rank_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What examples/lightning_module.py relies on, in the process of a second device."""
    lightning = pytest.importorskip("lightning")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("NODE_RANK", "0")
    trainer = lightning.Trainer(
        accelerator="cpu", devices=2, strategy="ddp", logger=False, enable_checkpointing=False
    )
    assert (trainer.global_rank, trainer.world_size) == (1, 2)


def test_accelerate_moves_a_batch(images: Path) -> None:
    operations = pytest.importorskip("accelerate.utils")
    with fp.Loader(images, fp.recipes.rrc(size=16), batch_size=4) as loader:
        moved = operations.send_to_device(next(iter(loader)), torch.device("meta"))
    assert isinstance(moved, fp.Batch)
    assert moved.views[0].is_meta


def test_accelerate_leaves_the_loader_as_it_is(images: Path) -> None:
    """An epoch that is left early in its loop is not replayed either."""
    accelerate = pytest.importorskip("accelerate")
    with fp.Loader(images, fp.recipes.rrc(size=16), batch_size=4, threads=1) as loader:
        prepared = accelerate.Accelerator(cpu=True).prepare(loader)
        assert prepared is loader
        firsts = []
        for _ in range(3):
            for batch in prepared:
                firsts.append(batch.sample_ids.tolist())
                break
    assert len({tuple(first) for first in firsts}) == 3
