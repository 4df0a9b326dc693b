"""The collapse detector fires on every kind of collapse and leaves healthy runs alone."""

from __future__ import annotations

import math

import pytest
import torch

from fastpass.errors import Collapsed
from fastpass.train.config import MonitorConfig
from fastpass.train.monitor import CollapseMonitor, Health, measure_health

K = 1024
HEALTHY = Health(loss=5.0, teacher_entropy=4.0, prototype_entropy=6.0, feature_std=0.7)
UNIFORM = Health(
    loss=math.log(K), teacher_entropy=math.log(K), prototype_entropy=math.log(K), feature_std=0.5
)
ONE_PROTOTYPE = Health(loss=0.01, teacher_entropy=0.01, prototype_entropy=0.02, feature_std=0.5)
CONSTANT = Health(loss=5.0, teacher_entropy=4.0, prototype_entropy=4.0, feature_std=1e-4)


def monitor(policy="stop", patience=2, grace_steps=10):
    return CollapseMonitor(MonitorConfig(policy=policy, patience=patience), K, grace_steps)


@pytest.mark.parametrize(
    ("health", "words"),
    [(UNIFORM, "uniform"), (ONE_PROTOTYPE, "same prototypes"), (CONSTANT, "constant")],
)
def test_each_kind_is_named_and_stops_the_run(health, words):
    watch = monitor()
    assert words in watch.check(20, health)
    with pytest.raises(Collapsed, match=words):
        watch.check(21, health)


def test_healthy_lines_reset_the_count():
    watch = monitor()
    for step in range(20, 40):
        assert watch.check(step, HEALTHY if step % 2 else UNIFORM) is None or step % 2 == 0


def test_grace_steps_are_not_judged():
    watch = monitor(grace_steps=10)
    assert [watch.check(step, UNIFORM) for step in range(1, 11)] == [None] * 10
    assert watch.check(11, UNIFORM) is not None


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_broken_loss_stops_at_once(loss):
    with pytest.raises(Collapsed, match=str(loss)):
        monitor().check(1, Health(loss, 4.0, 6.0, 0.7))


def test_policies_warn_and_off():
    watch = monitor("warn", patience=1)
    assert [bool(watch.check(step, UNIFORM)) for step in (20, 21, 22)] == [True] * 3
    assert monitor("off").check(20, Health(math.nan, 0.0, 0.0, 0.0)) is None


def test_measures_of_known_inputs():
    eye = torch.eye(4)
    health = measure_health(torch.tensor(2.0), eye, eye)
    assert health.loss == 2.0
    assert health.teacher_entropy == 0.0
    assert health.prototype_entropy == pytest.approx(math.log(4))
    # Unit vectors with mean length 1/2: variance 1 - 1/4.
    assert health.feature_std == pytest.approx(math.sqrt(0.75))
    constant = measure_health(torch.tensor(2.0), torch.full((6, 4), 0.25), torch.ones(6, 3))
    assert constant.teacher_entropy == pytest.approx(math.log(4))
    assert constant.feature_std == pytest.approx(0.0, abs=1e-3)
