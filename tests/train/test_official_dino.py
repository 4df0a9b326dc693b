"""Whole steps of DINO under DeepSpeed, on one rank and two, against the formulas in float64."""

from __future__ import annotations

import subprocess
import sys

import dump_steps
import launched
import pytest
import torch
from official_dino import PROTOTYPES, OfficialDino, cosine
from steps import KINDS, NUM_STEPS, RECIPE, SIZES, STEPS_PER_EPOCH, config, make_views

from fastpass.train.data import TrainData
from fastpass.train.engine.deepspeed import start_processes
from fastpass.train.methods.dino import make_networks
from fastpass.train.run import make_trainer

# The gradient of the keys' bias is 0 but for rounding, and AdamW makes steps of any size from it.
ROUNDING_ALONE = "attn.qkv.bias"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * launched.LIMIT_SECONDS)]


@pytest.fixture(scope="module")
def expected():
    student, _ = make_networks(config(1, 8))
    reference = OfficialDino(student, RECIPE)
    for step in range(NUM_STEPS):
        reference.step(make_views(step))
    return reference


@pytest.fixture(scope="module", params=[1, 2])
def found(request, tmp_path_factory):
    file = tmp_path_factory.mktemp("steps") / "steps.pt"
    if request.param == 1:
        dump_steps.main(str(file))
    else:
        start = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        words = [*start, "--nproc-per-node", "2", dump_steps.__file__, file]
        subprocess.run(
            words, check=True, env=launched.environment(), timeout=launched.LIMIT_SECONDS
        )
    return torch.load(file)


@pytest.mark.parametrize("zero_stage", [0, 1])
def test_losses(found, expected, zero_stage):
    assert found[zero_stage]["losses"] == pytest.approx(expected.losses, rel=2e-5)


@pytest.mark.parametrize("zero_stage", [0, 1])
def test_student_teacher_and_center(found, expected, zero_stage):
    start = OfficialDino(make_networks(config(1, 8))[0], RECIPE).student
    teacher = {f"backbone.{n}": v for n, v in found[zero_stage]["teacher_backbone"].items()}
    heads = found[zero_stage]["state"]
    teacher |= {f"head.{name}": value for name, value in heads.items() if name != "center"}
    torch.testing.assert_close(heads["center"].double(), expected.center, rtol=1e-4, atol=1e-6)
    for ours, theirs in (
        (found[zero_stage]["student"], expected.student),
        (teacher, expected.teacher),
    ):
        assert ours.keys() == theirs.keys()
        for name, value in theirs.items():
            if name.endswith(ROUNDING_ALONE):
                continue
            moved = (value - start[name]).norm()
            assert (ours[name].double() - value).norm() <= 5e-3 * moved, name


def test_the_prototypes_moved_only_after_their_freeze(expected):
    assert expected.moments[PROTOTYPES][0] == NUM_STEPS - RECIPE.frozen_steps
    assert expected.moments["head.mlp.0.weight"][0] == NUM_STEPS


@pytest.mark.parametrize("zero_stage", [0, 1])
def test_adamw_begins_anew_though_the_first_free_step_had_no_batch(zero_stage):
    """Its first step moves every weight by the learning rate, up or down: Kingma & Ba, 2.1."""
    data = TrainData(range(STEPS_PER_EPOCH), "", 8, KINDS, SIZES, (0.5,) * 3, (0.5,) * 3)  # type: ignore[arg-type]
    trainer, _ = make_trainer(config(zero_stage, 8), data, start_processes())
    prototypes = dict(trainer.method.trained.named_parameters())[PROTOTYPES]
    for step in (4, 5):
        trainer.train_step(make_views(step), step)
    before, step = prototypes.detach().clone(), RECIPE.frozen_steps + 1
    trainer.train_step(make_views(step), step)
    decay = cosine(RECIPE.weight_decay, RECIPE.final_weight_decay, step, RECIPE.num_steps)
    moved = (prototypes - before * (1 - RECIPE.lr(step) * decay)) / RECIPE.lr(step)
    trainer.engine.close()
    assert (moved.abs() - 1).abs().median() < 1e-3
