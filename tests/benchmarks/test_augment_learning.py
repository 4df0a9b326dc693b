"""The learning comparison: its statistics, what it keeps of a run, and that none is repeated."""

from __future__ import annotations

import io
import json
import math
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from benchmarks.compare_means import compare_means
from click.testing import CliRunner
from PIL import Image

from benchmarks import augment_learning, cifar10


def test_means_are_compared_by_the_pooled_scatter() -> None:
    groups = {"a": [30.0, 31.0, 32.0], "b": [33.0, 33.0, 36.0], "c": [30.5, 31.5, 32.5]}
    result = compare_means(groups, "a")
    # sums of squares 2, 6 and 2 over 2 degrees of freedom each
    error = math.sqrt(10 / 6) * math.sqrt(2 / 3)
    assert result["b"].mean == 34.0
    assert result["b"].std == pytest.approx(math.sqrt(3))
    assert result["b"].difference == 3.0
    assert result["a"].difference == 0.0
    assert [r.standard_error for r in result.values()] == pytest.approx([error] * 3)
    assert result["c"].is_within_noise
    assert not result["b"].is_within_noise
    assert json.loads(json.dumps(result["b"].to_dict()))["is_within_noise"] is False


def test_the_loss_is_that_of_the_last_epoch(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    rows = [(0.5, 9.0), (1.0, 8.0), (1.5, 4.0), (2.0, 2.0)]
    log.write_text("".join(json.dumps({"epoch": e, "loss": x}) + "\n" for e, x in rows))
    assert augment_learning.last_epoch_loss(log) == 3.0


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that are run; each leaves what the real one would, k-NN 40 from the seed up."""
    seen: list[list[str]] = []

    def fake_run(*words: object) -> float:
        command = [str(word) for word in words]
        seen.append(command)
        if command[0] == sys.executable:
            output = Path(command[command.index("--output") + 1])
            output.mkdir(parents=True)
            (output / "log.jsonl").write_text('{"epoch": 2.0, "loss": 5.0}\n')
        elif command[:2] == ["fastpass", "evaluate"]:
            results = [
                {"features": "teacher", "top1": 40.0 + len(seen)},
                {"features": "untrained", "top1": 27.0},
            ]
            Path(command[command.index("-o") + 1]).write_text(json.dumps({"results": results}))
        return 1.5

    monkeypatch.setattr(augment_learning, "run", fake_run)
    monkeypatch.setattr(augment_learning, "RUNS", tmp_path)
    (tmp_path / "learning" / "cifar10" / "data").mkdir(parents=True)
    return seen


def test_a_finished_run_is_kept_and_a_broken_one_begun_anew(commands, tmp_path: Path) -> None:
    partial = tmp_path / "augment-learning-32px" / "exact-2-epochs-seed1"
    partial.mkdir(parents=True)
    (partial / "left_over").touch()
    first = augment_learning.train_once("exact", seed=1, epochs=2)
    assert not (partial / "left_over").exists()
    assert first["knn"] == 42.0
    assert first["untrained"] == 27.0
    assert first["loss"] == 5.0
    assert len(commands) == 2
    assert augment_learning.train_once("exact", seed=1, epochs=2) == first
    assert len(commands) == 2
    augment_learning.train_once("exact", seed=1, epochs=3)
    assert len(commands) == 4


def test_the_ways_differ_in_their_views_only(commands) -> None:
    for way in augment_learning.WAYS:
        augment_learning.train_once(way, seed=0, epochs=2)
    trainings = [c for c in commands if c[0] == sys.executable]
    different = {"-m", "benchmarks.torchvision_train", "train.py"}
    different |= {"augment.mode=exact", "augment.mode=fast"}
    kept = [
        [word for word in command if word not in different and "augment-learning-32px" not in word]
        for command in trainings
    ]
    for words in kept:
        words.pop(words.index("--output") + 1)
    assert kept[0] == kept[1] == kept[2]
    assert [different & set(command) for command in trainings] == [
        {"-m", "benchmarks.torchvision_train"},
        {"train.py", "augment.mode=exact"},
        {"train.py", "augment.mode=fast"},
    ]


def test_the_table_has_a_row_for_every_way(commands) -> None:
    records = [
        augment_learning.train_once(way, seed, 2)
        for seed in (0, 1)
        for way in augment_learning.WAYS
    ]
    summary = augment_learning.summarize_ways(records)
    table = augment_learning.make_table(records, summary)
    assert list(table.columns[0].cells) == ["untrained", "torchvision", "exact", "fast"]
    assert next(iter(table.columns[1].cells)) == "27.0 27.0"


def test_other_sides_train_on_enlarged_images(commands, tmp_path: Path, monkeypatch) -> None:
    made: list[tuple[Path, tuple[int, int]]] = []
    source = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(source, "JPEG")

    def write_cifar10(folder: Path, prepare) -> None:
        with Image.open(io.BytesIO(prepare(source.getvalue()))) as image:
            made.append((folder, image.size))
            assert image.format == "JPEG"
            assert image.getpixel((64, 64)) == pytest.approx((254, 0, 0), abs=3)
        folder.mkdir(parents=True)
        (folder / "train-000000.tar").touch()

    monkeypatch.setattr(augment_learning, "write_cifar10", write_cifar10)
    data = tmp_path / "learning" / "cifar10-128px" / "data"
    for seed in (0, 1):
        augment_learning.train_once("fast", seed, epochs=2, side=128)
    assert made == [(data, (128, 128))]
    indexing, training, evaluation = commands[:3]
    assert indexing == ["fastpass", "index", f"{data}/train-000000.tar"]
    assert training[training.index("--data") + 1] == f"{data}/train-*.tar"
    assert evaluation[evaluation.index("--val") + 1] == f"{data}/val-*.tar"
    assert "augment-learning-128px" in training[training.index("--output") + 1]


def test_cifar10_is_packed_with_its_labels(tmp_path: Path, monkeypatch) -> None:
    source = tmp_path / "data" / "ssl_cifar10_jpeg"
    source.mkdir(parents=True)
    for split in ("train", "test"):
        (source / f"{split}.bin").write_bytes(b"one" + b"twotwo")
        rows = ["path,label,offset,length", f"{split}/a.jpg,7,0,3", f"{split}/b.jpg,1,3,6"]
        (source / f"{split}.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.setenv("FASTPASS_SHARED", str(tmp_path))
    cifar10.write_cifar10(tmp_path / "out", bytes.upper)
    with tarfile.open(tmp_path / "out" / "val-000000.tar") as tar:
        stored = {member.name: tar.extractfile(member).read() for member in tar}
    assert stored == {
        "test_a.jpg": b"ONE", "test_a.cls": b"7", "test_b.jpg": b"TWOTWO", "test_b.cls": b"1",
    }  # fmt: skip
    assert (tmp_path / "out" / "train-000000.tar").exists()


def test_fast_differs_from_exact_where_images_are_much_larger_than_views(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    found = []
    for side in (32, 128):
        images = tmp_path / str(side)
        images.mkdir()
        for index in range(8):
            small = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
            small.resize((side, side), Image.Resampling.BICUBIC).save(images / f"{index}.jpg")
        found.append(augment_learning.compare_modes(str(images), seed=0))
    assert found[0] == {"differing_views": 0.0, "mean_difference": 0.0}
    assert found[1]["differing_views"] > 0.5
    assert 0.0 < found[1]["mean_difference"] < 5.0


def test_the_record_is_whole(tmp_path: Path, monkeypatch) -> None:
    def train_once(way: str, seed: int, epochs: int, side: int) -> dict:
        knn = {"torchvision": 33.0, "exact": 32.5, "fast": 31.0}[way] + seed
        numbers = {"minutes": 1.0, "cpu_minutes": 2.0, "loss": 4.9, "untrained": 27.0, "knn": knn}
        return {"way": way, "seed": seed, **numbers}

    monkeypatch.setattr(augment_learning, "train_once", train_once)
    monkeypatch.setattr(augment_learning, "compare_modes", lambda images, seed: {})
    monkeypatch.setattr(augment_learning, "prepare_data", lambda side: tmp_path)
    monkeypatch.setattr(augment_learning, "RESULTS", tmp_path)
    monkeypatch.chdir(augment_learning.ROOT)
    result = CliRunner().invoke(augment_learning.main, ["--seeds", "0", "--seeds", "1"])
    assert result.exit_code == 0, result.output
    assert "-2.00 ± 0.71" in result.output
    path = tmp_path / "augment-learning-32px.json"
    record = json.loads(path.read_text())
    assert len(record["runs"]) == 6
    assert record["ways"]["exact"]["is_within_noise"] is True
    assert record["ways"]["fast"]["is_within_noise"] is False


def test_nothing_can_be_compared_without_torchvision_or_seeds() -> None:
    for arguments in (["--ways", "fast"], ["--seeds", "0"]):
        result = CliRunner().invoke(augment_learning.main, arguments)
        assert result.exit_code == 2
        assert "at least two seeds" in result.output
