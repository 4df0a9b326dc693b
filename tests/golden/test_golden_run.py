"""A training run, its checkpoint and its encoder, made by an earlier commit."""

from __future__ import annotations

import shutil

import golden_values as golden
import pytest
import torch
from safetensors.torch import load_file


@pytest.mark.slow
def test_an_earlier_run_goes_on_with_the_same_losses(values, folder):
    """To 1e-4: other processors and versions of torch add in another order."""
    run = shutil.copytree(golden.FILES / golden.RUN, folder / golden.RUN)
    golden.train(run, "--resume")
    found = golden.losses(run, golden.CHECKPOINT_STEP + 1)
    assert len(found) == golden.NUM_STEPS - golden.CHECKPOINT_STEP
    for step, (mine, earlier) in enumerate(zip(found, values["losses"], strict=True)):
        assert mine == pytest.approx(earlier, rel=1e-4), step


def test_an_earlier_encoder_gives_the_same_features(values):
    for mine, earlier in zip(
        golden.features(golden.FILES / "encoder.safetensors"), values["features"], strict=True
    ):
        assert mine == pytest.approx(earlier, rel=1e-4, abs=1e-5)


def test_an_earlier_checkpoint_is_exported_as_then(tmp_path):
    golden.export(golden.FILES / golden.RUN, tmp_path / "encoder.safetensors")
    mine = load_file(tmp_path / "encoder.safetensors")
    earlier = load_file(golden.FILES / "encoder.safetensors")
    assert mine.keys() == earlier.keys()
    assert all(torch.equal(mine[name], earlier[name]) for name in earlier)
