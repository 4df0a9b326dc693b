"""Two ranks under DeepSpeed against plain autograd on the whole batch in this process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from launched import LIMIT_SECONDS, environment
from parity import MODELS, config, make_views

from fastpass.train.losses.dino import DinoLoss
from fastpass.train.methods.dino import make_networks

HERE = Path(__file__).parent
MAX_NORM = 3.0  # as in the paper; between the norms of this batch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * LIMIT_SECONDS)]


def reference(model):
    """Loss, center, clipped gradients and statistics, with nothing of DeepSpeed."""
    student, teacher = make_networks(config(model))
    views = make_views()
    loss = DinoLoss(50)
    with torch.no_grad():
        teacher_scores = teacher(views[:2])
    value = loss(student(views), loss.targets(teacher_scores, 0.04))
    value.backward()
    loss.update_center(teacher_scores)
    trained = {name: p.grad for name, p in student.named_parameters() if p.requires_grad}
    norms = {name: gradient.double().norm().item() for name, gradient in trained.items()}
    clipped = {
        name: gradient * min(1.0, MAX_NORM / (norms[name] + 1e-6))
        for name, gradient in trained.items()
    }
    encoders = {"student": student.backbone, "teacher": teacher.backbone}
    statistics = {f"{k}.{n}": v for k, e in encoders.items() for n, v in e.named_buffers()}
    return {
        "loss": value.detach(),
        "center": loss.center,
        "norms": norms,
        "gradients": clipped,
        "statistics": statistics,
    }


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory):
    """The same from two launched processes: {(model, zero_stage, precision): results}."""
    file = tmp_path_factory.mktemp("parity") / "step.pt"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node",
               "2", str(HERE / "dump_gradients.py"), str(file), str(MAX_NORM)]  # fmt: skip
    subprocess.run(command, check=True, env=environment(), timeout=LIMIT_SECONDS)
    return torch.load(file)


@pytest.mark.parametrize("zero_stage", [1, 0])
@pytest.mark.parametrize("model", MODELS)
def test_two_ranks_equal_one_process(two_ranks, model, zero_stage):
    found, expected = two_ranks[model, zero_stage, "float32"], reference(model)
    norms = expected["norms"]
    assert min(norms.values()) < MAX_NORM / 2 < 2 * MAX_NORM < max(norms.values())
    torch.testing.assert_close(found["loss"], expected["loss"], rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found["center"], expected["center"], rtol=1e-5, atol=1e-7)
    for name, gradient in expected["gradients"].items():
        assert found["norms"][name] == pytest.approx(norms[name], rel=1e-4, abs=1e-6), name
        torch.testing.assert_close(found["gradients"][name], gradient, rtol=1e-4, atol=2e-6)
    torch.testing.assert_close(found["statistics"], expected["statistics"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("zero_stage", [1, 0])
def test_gradients_of_a_bf16_network_are_averaged_in_float32(two_ranks, zero_stage):
    """In bf16, which has 8 bits, the mean of two would be wrong by up to 0.4 %."""
    halves = [gradients_in_bf16(slice(0, 4)), gradients_in_bf16(slice(4, 8))]
    found = two_ranks["transformer", zero_stage, "bfloat16"]
    clipped = {name: min(1.0, MAX_NORM / (n + 1e-6)) for name, n in found["norms"].items()}
    is_seen = []
    for name, gradient in found["gradients"].items():
        mean = (halves[0][name] + halves[1][name]) / 2 * clipped[name]
        assert (gradient - mean).norm() <= 2e-5 * mean.norm() + 1e-7, name
        is_seen.append(bool((mean.bfloat16() - mean).norm() > 5e-4 * mean.norm()))
    assert all(is_seen)  # none of these gradients happens to be a bf16 number


def gradients_in_bf16(samples):
    """Of the mean loss of ``samples`` alone, from autograd: float32."""
    student, teacher = make_networks(config("transformer"))
    views = [view[samples] for view in make_views()]
    loss = DinoLoss(50)
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            targets = loss.targets(teacher(views[:2]), 0.04)
        scores = student(views)
    loss(scores, targets).backward()
    return {name: p.grad for name, p in student.named_parameters() if p.requires_grad}


def test_batch_norm_keeps_statistics_of_its_own_in_each_network(two_ranks):
    """The teacher sees the global views alone, once per step; the student all, by their sizes."""
    statistics = two_ranks["resnet", 1, "float32"]["statistics"]
    counts = {name: int(v) for name, v in statistics.items() if name.endswith("batches_tracked")}
    assert {n for name, n in counts.items() if name.startswith("teacher")} == {1}
    assert {n for name, n in counts.items() if name.startswith("student")} == {2}
