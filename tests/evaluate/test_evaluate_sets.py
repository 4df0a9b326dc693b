"""Two sets of real files: classes matched by name, exact pixels, damaged checkpoints, the curve."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from made_checkpoint import make_checkpoint
from PIL import Image

from fastpass.cli import cli
from fastpass.errors import BadPack
from fastpass.evaluate.classes import label_table
from fastpass.evaluate.encoder import load_encoder
from fastpass.evaluate.features import open_images
from fastpass.report.run import read_run
from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.checkpoint.writer import CheckpointWriter

COLORS = {"blue": (30, 40, 220), "green": (20, 200, 40), "red": (210, 30, 30), "white": (240,) * 3}


def _set(folder: Path, names: list[str], seed: int, per_class: int = 4) -> Path:
    """A folder per class, of noisy pictures in one color."""
    random = np.random.default_rng(seed)
    for name in names:
        (folder / name).mkdir(parents=True)
        for index in range(per_class):
            noise = random.normal(0, 25, (24, 24, 3))
            pixels = np.clip(noise + COLORS[name], 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    make_checkpoint(tmp_path / "run")
    return tmp_path / "run"


def _knn(run: Path, train: Path, val: Path, *more: str) -> tuple[int, str, str]:
    words = ["evaluate", "knn", "--checkpoint", run, "--train", train, "--val", val, "--k", "3"]
    result = CliRunner().invoke(cli, [*map(str, words), "--features", "pixels", *more])
    return result.exit_code, result.stdout, result.stderr


def test_classes_are_matched_by_name(run: Path, tmp_path: Path) -> None:
    """Of class lists that differ, the numbers differ: matched by number, nothing here is right."""
    train = _set(tmp_path / "train", ["blue", "green", "red"], seed=1)
    val = _set(tmp_path / "val", ["green", "red"], seed=2)
    code, printed, _ = _knn(run, train, val, "--json")
    assert code == 0
    assert json.loads(printed)["results"][0]["top1"] == 100.0


def test_a_class_without_a_training_image_is_refused(run: Path, tmp_path: Path) -> None:
    train = _set(tmp_path / "train", ["blue", "green"], seed=1)
    val = _set(tmp_path / "val", ["blue", "red", "white"], seed=2)
    code, _, error = _knn(run, train, val)
    assert code == 1
    assert "BadPack: the validation images have classes 'red', 'white', which no training" in error
    assert not list(run.glob("knn*"))


def test_numbers_are_the_names_of_classes_without_a_name() -> None:
    labels, queries = torch.tensor([0, 2, 1]), torch.tensor([2, 0])
    assert label_table(labels, None, queries, None) == {0: 0, 2: 2}
    names = ["10", "2", "0"]
    assert label_table(labels, names, queries, None) == {2: 1, 0: 2}
    with pytest.raises(BadPack, match=r"class '2', which no .*: these have classes 'a', 'b', 'c'"):
        label_table(labels, ["a", "b", "c"], torch.tensor([2]), None)
    with pytest.raises(BadPack, match="1 of 2 validation images have no label"):
        label_table(labels, None, torch.tensor([0, -1]), None)
    with pytest.raises(BadPack, match="two classes of the training images are called 'a'"):
        label_table(labels, ["a", "b", "a"], torch.tensor([0]), ["a"])
    empty_ones = label_table(torch.tensor([1]), ["a", "b"], torch.tensor([2]), ["x", "y", "b"])
    assert empty_ones == {2: 1}


def test_images_are_read_exactly_and_normalized_as_in_training(run: Path, tmp_path: Path) -> None:
    """A large photo: mode "fast" decodes it at a smaller scale, with other pixels."""
    from torchvision.transforms import v2
    from torchvision.transforms.functional import pil_to_tensor

    pixels = np.random.default_rng(5).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    photo = Image.fromarray(pixels).resize((1000, 800), Image.Resampling.BICUBIC)
    (tmp_path / "photos" / "a").mkdir(parents=True)
    photo.save(tmp_path / "photos" / "a" / "1.jpg")
    encoder = load_encoder(find_checkpoint(run), "pixels", torch.device("cpu"))
    steps = v2.Compose(
        [v2.Resize(16, v2.InterpolationMode.BICUBIC, antialias=True), v2.CenterCrop(16)]
    )
    with Image.open(tmp_path / "photos" / "a" / "1.jpg") as image:
        wanted = pil_to_tensor(steps(image)).float() / 255
    wanted = (wanted - 0.5) / 0.25
    found = {}
    for mode in ("exact", "fast"):
        loader = open_images(
            str(tmp_path / "photos"), encoder, batch_size=1, mode=mode, device=torch.device("cpu")
        )
        found[mode] = next(iter(loader)).views[0][0].clone()
        loader.close()
    torch.testing.assert_close(found["exact"], wanted, atol=1e-5, rtol=0)
    assert not torch.allclose(found["fast"], wanted, atol=1e-3)


def test_the_result_is_where_report_looks_and_outlives_the_checkpoint(
    run: Path, tmp_path: Path
) -> None:
    images = _set(tmp_path / "images", ["blue", "red"], seed=1)
    assert _knn(run, images, images)[0] == 0
    shutil.rmtree(run / "checkpoints")
    (run / "log.jsonl").write_text('{"step": 1, "loss": 8.0}\n')
    assert [(k.name, k.top1) for k in read_run(run).knn] == [("raw pixels", 100.0)]


@pytest.mark.parametrize("temperature", ["0", "-0.07", "nan", "inf"])
def test_a_temperature_is_positive(run: Path, temperature: str) -> None:
    code, _, error = _knn(run, run, run, "--temperature", temperature)
    assert code == (1 if temperature == "nan" else 2)
    assert "temperature" in error


def test_k_is_checked_before_anything_is_encoded(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Features of a large set take hours."""
    images = _set(tmp_path / "images", ["blue", "red"], seed=1)
    monkeypatch.setattr("fastpass.evaluate.knn_run.extract_features", None)
    code, _, error = _knn(run, images, images, "--k", "9")
    assert (code, error.strip()) == (
        1,
        "fastpass: BadArgument: k = 9: wanted 1..8, the number of training samples",
    )
    flat = tmp_path / "flat"
    flat.mkdir()
    (images / "red" / "0.png").rename(flat / "0.png")
    code, _, error = _knn(run, images, flat, "--k", "3")
    assert code == 1
    assert "1 of 1 validation images have no label: give one folder per class" in error


@pytest.mark.parametrize("change", ["flip", "cut", "remove"])
def test_a_damaged_checkpoint_is_not_evaluated_nor_exported(
    run: Path, tmp_path: Path, change: str
) -> None:
    images = _set(tmp_path / "images", ["blue", "red"], seed=1)
    path = find_checkpoint(run).folder / "teacher.safetensors"
    data = bytearray(path.read_bytes())
    data[-40] ^= 1  # the lowest bits of a weight: a wrong number, and nothing else to see
    path.write_bytes(data[:-40] if change == "cut" else data)
    if change == "remove":
        path.unlink()
    code, _, error = _knn(run, images, images, "--features", "teacher")
    assert code == 1
    assert f"BadCheckpoint: {path} is {'missing' if change == 'remove' else 'damaged'}" in error
    result = CliRunner().invoke(
        cli, ["export", "--checkpoint", str(run), "-o", str(tmp_path / "x.safetensors")]
    )
    assert result.exit_code == 1
    assert f"BadCheckpoint: {path}" in result.stderr
    assert not (tmp_path / "x.safetensors").exists()


def test_the_curve_leaves_out_what_a_crash_left_of_a_checkpoint(run: Path, tmp_path: Path) -> None:
    images = _set(tmp_path / "images", ["blue", "red"], seed=1)
    folder = find_checkpoint(run).folder
    writer = CheckpointWriter(run, keep=3)
    tensors = {
        name: find_checkpoint(run).tensors(name)
        for name in ("teacher.safetensors", "student.safetensors")
    }
    state = {k: v for k, v in find_checkpoint(run).state.items() if k not in ("step", "files")}
    writer.begin(6)
    writer.publish(6, tensors, state)
    half = folder.with_name("step-00000002")
    half.mkdir()
    (half / "teacher.safetensors").write_bytes(b"half")
    code, printed, error = _knn(run, images, images, "--curve", "--features", "teacher", "--json")
    assert code == 0, error
    assert [row["step"] for row in json.loads(printed)["results"]] == [3, 6]
