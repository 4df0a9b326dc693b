"""Two ranks under DeepSpeed against plain autograd on the whole batch in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from parity import config, make_views

from fastpass.train.losses.dino import DinoLoss
from fastpass.train.methods.dino import make_networks

HERE = Path(__file__).parent
MAX_NORM = 3.0  # as in the paper; between the norms of this batch


@pytest.fixture(scope="module")
def reference():
    """Loss, center, gradient norms and clipped gradients, with nothing of DeepSpeed."""
    student, teacher = make_networks(config())
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
    return {"loss": value.detach(), "center": loss.center, "norms": norms, "gradients": clipped}


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory):
    """The same from two launched processes: {zero_stage: results}."""
    file = tmp_path_factory.mktemp("parity") / "step.pt"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node",
               "2", str(HERE / "dump_gradients.py"), str(file), str(MAX_NORM)]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment, timeout=150)
    return torch.load(file)


@pytest.mark.slow
@pytest.mark.parametrize("zero_stage", [1, 0])
def test_two_ranks_equal_one_process(reference, two_ranks, zero_stage):
    found, norms = two_ranks[zero_stage], reference["norms"]
    assert min(norms.values()) < MAX_NORM / 2 < 2 * MAX_NORM < max(norms.values())
    torch.testing.assert_close(found["loss"], reference["loss"], rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found["center"], reference["center"], rtol=1e-5, atol=1e-7)
    for name, gradient in reference["gradients"].items():
        assert found["norms"][name] == pytest.approx(norms[name], rel=1e-4, abs=1e-6), name
        torch.testing.assert_close(found["gradients"][name], gradient, rtol=1e-4, atol=2e-6)
