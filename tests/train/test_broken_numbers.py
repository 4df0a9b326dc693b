"""A number that is none stops the run at its step, and never reaches a checkpoint."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from fake_data import open_fake_data

from fastpass.errors import Collapsed
from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.engine.deepspeed import start_processes
from fastpass.train.read_config import read_config
from fastpass.train.run import make_trainer, train
from fastpass.train.watch.log import read_log

TINY = Path(__file__).with_name("tiny.toml")
BROKEN_STEP = 5  # between two log lines and between two checkpoints

pytestmark = pytest.mark.slow


def run(output, *overrides, open_data=open_fake_data):
    fixed = ["train.epochs=2", "data.batch_size=12", "train.threads_per_rank=1",
             "checkpoint.every_epochs=0.5", "checkpoint.keep=1", "log.every_steps=4"]  # fmt: skip
    return train(read_config(TINY, [*fixed, *overrides]), "0", output, open_data=open_data)


def open_with_broken_views(config, pattern, device):
    """The views of one step are not a number."""
    opened = open_fake_data(config, pattern, device)
    make_batch, served = opened.loader.batch, []

    def batch(sample_ids):
        served.append(sample_ids)
        made = make_batch(sample_ids)
        if len(served) == BROKEN_STEP:
            made.views[2][0, 0, 0, 0] = math.nan
        return made

    opened.loader.batch = batch
    return opened


@pytest.mark.parametrize("zero_stage", [0, 1])
@pytest.mark.parametrize("policy", ["stop", "off"])
def test_a_broken_loss(tmp_path, zero_stage, policy):
    with pytest.raises(Collapsed, match=f"step {BROKEN_STEP}: the loss is nan.*is of step 4"):
        run(tmp_path, f"train.zero_stage={zero_stage}", f"monitor.policy={policy}",
            open_data=open_with_broken_views)  # fmt: skip
    checkpoint = find_checkpoint(tmp_path)
    assert checkpoint.step == 4
    for file in ("teacher.safetensors", "student.safetensors", "resume.safetensors"):
        assert all(bool(torch.isfinite(t).all()) for t in checkpoint.tensors(file).values())
    assert read_log(tmp_path)[-1] == {"step": BROKEN_STEP, "problem": "the loss is nan"}


def test_a_broken_parameter():
    """The loss that led there was a number."""
    config = read_config(TINY, ["data.batch_size=12", "train.threads_per_rank=1"])
    device = start_processes()
    data = open_fake_data(config, "0", device)
    trainer, _ = make_trainer(config, data, device)
    step_of_deepspeed = trainer.engine.step

    def step(number):
        step_of_deepspeed(number)
        if number == 1:
            with torch.no_grad():
                trainer.method.trained.backbone.pos_embed[0, 2, 3] = math.inf

    trainer.engine.step = step
    batches = iter(data.loader)
    trainer.train_step(next(batches).views, 0)
    assert trainer.problem is None
    outcome = trainer.train_step(next(batches).views, 1)
    assert torch.isfinite(outcome.loss)
    assert trainer.problem == "the parameter backbone.pos_embed is not finite"
    trainer.engine.close()
