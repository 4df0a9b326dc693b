"""From a checkpoint to numbers, with images that need no loader."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from made_checkpoint import KWARGS, NAME, make_checkpoint

from fastpass.errors import BadPack
from fastpass.evaluate import knn_run
from fastpass.evaluate.commands import evaluate_group
from fastpass.evaluate.encoder import load_encoder
from fastpass.evaluate.features import evaluation_resize, extract_features
from fastpass.evaluate.knn_run import evaluate_knn
from fastpass.model.backbone import create_backbone
from fastpass.train.checkpoint import find_checkpoint


class Images(list):
    """Batches of one view; the class is the brightest color channel."""

    pack = SimpleNamespace(labels=np.arange(60) % 3, class_names=["red", "green", "blue"])

    def close(self):
        self.clear()


def open_images(source, encoder, *, batch_size, mode, device):
    assert mode == "exact"
    generator = torch.Generator().manual_seed(len(source))
    assert encoder.image_size == 16
    labels = torch.arange(60) % 3
    views = torch.randn(60, 3, 16, 16, generator=generator)
    views[torch.arange(60), labels] += 3
    order = torch.randperm(60, generator=generator)
    return Images(
        SimpleNamespace(views=[views[ids]], labels=labels[ids], sample_ids=ids)
        for ids in order.split(batch_size)
    )


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    make_checkpoint(run)
    return find_checkpoint(run)


def test_features_are_sorted_by_sample_id(checkpoint):
    batches = list(
        open_images("a", SimpleNamespace(image_size=16), batch_size=7, mode="exact", device=None)
    )
    features, labels = extract_features(batches, lambda images: images.mean(dim=(2, 3)))
    assert labels.tolist() == [i % 3 for i in range(60)]
    assert features.argmax(dim=1).tolist() == labels.tolist()
    assert features.shape == (60, 3)


def test_missing_labels_and_images_are_named():
    batch = SimpleNamespace(
        views=[torch.zeros(1, 3, 2, 2)], labels=None, sample_ids=torch.tensor([0])
    )
    with pytest.raises(BadPack, match="no labels"):
        extract_features([batch], torch.flatten)
    with pytest.raises(BadPack, match="no images"):
        extract_features([], torch.flatten)


def test_untrained_is_the_network_training_started_from(checkpoint):
    torch.manual_seed(5)
    expected = create_backbone(NAME, KWARGS).eval()
    images = torch.randn(2, 3, 16, 16)
    encoders = {
        which: load_encoder(checkpoint, which, torch.device("cpu")).encode(images)
        for which in ("untrained", "student", "teacher", "pixels")
    }
    with torch.no_grad():
        torch.testing.assert_close(encoders["untrained"], expected(images))
    assert torch.equal(encoders["untrained"], encoders["student"])
    assert not torch.allclose(encoders["untrained"], encoders["teacher"])
    assert torch.equal(encoders["pixels"], images.flatten(1))


def test_report(checkpoint):
    kinds = ["teacher", "untrained", "pixels"]
    report = evaluate_knn(checkpoint, "train", "validation", kinds, k=5, open_images=open_images)
    assert [row["features"] for row in report["results"]] == ["teacher", "untrained", "pixels"]
    assert [row["step"] for row in report["results"]] == [3, 0, 0]
    assert report["results"][2]["top1"] == 100.0  # the brightest channel is plain in the pixels
    assert (report["num_train"], report["num_val"], report["step"], report["k"]) == (60, 60, 3, 5)


def test_curve_evaluates_earlier_checkpoints_first(checkpoint):
    earlier = replace(checkpoint, state={**checkpoint.state, "step": 1})
    report = evaluate_knn(
        checkpoint, "train", "val", ["teacher"], earlier=[earlier], k=5, open_images=open_images
    )
    assert [(row["features"], row["step"]) for row in report["results"]] == [
        ("teacher", 1),
        ("teacher", 3),
    ]


def test_command_prints_and_writes_the_same(checkpoint, monkeypatch):
    defaults = knn_run.evaluate_knn.__kwdefaults__ | {"open_images": open_images}
    monkeypatch.setattr(knn_run.evaluate_knn, "__kwdefaults__", defaults)
    run = checkpoint.folder.parents[1]
    arguments = ["knn", "--checkpoint", str(run), "--train", "a", "--val", "bb", "--untrained"]
    result = CliRunner().invoke(evaluate_group, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert printed == json.loads((run / "knn-teacher-step-00000003.json").read_text())
    assert [row["features"] for row in printed["results"]] == ["teacher", "untrained"]
    table = CliRunner().invoke(evaluate_group, arguments, catch_exceptions=False).output
    assert "untrained" in table
    assert f"{printed['results'][0]['top1']:.2f}" in table


RESNET = {"channels": [8, 16, 16, 24], "stem_width": 8, "output_stride": 8}


def test_batch_norm_uses_its_running_statistics(tmp_path):
    """Those of the checkpoint, never of the batch: an image has its features in any company."""
    teacher = make_checkpoint(tmp_path, name="resnet10t", kwargs=RESNET)
    checkpoint = find_checkpoint(tmp_path)
    encode = load_encoder(checkpoint, "teacher", torch.device("cpu")).encode
    images = torch.randn(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    alone = torch.cat([encode(image[None]) for image in images])
    torch.testing.assert_close(encode(images), alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(encode(images[5:] * 3)[0], encode(images[5:6] * 3)[0])
    first = "bn1." if "bn1.running_mean" in teacher else "conv1.1."
    mean = teacher[f"{first}running_mean"]
    assert (mean == mean[0]).all()
    assert mean[0] == pytest.approx(0.01)  # as stored, not as these images would have it
    reports = [
        evaluate_knn(
            checkpoint, "a", "bb", ["teacher"], k=5, batch_size=size, open_images=open_images
        )
        for size in (1, 7, 60)
    ]
    assert len({report["results"][0]["top1"] for report in reports}) == 1
    after = load_encoder(checkpoint, "teacher", torch.device("cpu")).encode(images)
    assert torch.equal(after, encode(images))  # no statistics moved


@pytest.mark.parametrize(("size", "resize"), [(224, 256), (96, 110), (32, 32)])
def test_center_crop_protocol(size, resize):
    assert evaluation_resize(size) == resize
