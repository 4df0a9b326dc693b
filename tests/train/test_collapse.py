"""The collapse detector fires on every kind of collapse and leaves healthy runs alone."""

from __future__ import annotations

import math

import pytest
import torch

from fastpass.errors import Collapsed
from fastpass.train.config import MonitorConfig
from fastpass.train.watch.collapse import CollapseMonitor
from fastpass.train.watch.prototypes import diagnose_prototypes, measure_prototypes

K = 1024
LN_K = math.log(K)


def health(loss, teacher_entropy, prototype_entropy, feature_std):
    return {
        "loss": loss,
        "teacher_entropy": teacher_entropy,
        "prototype_entropy": prototype_entropy,
        "feature_std": feature_std,
    }


HEALTHY = health(5.0, 4.0, 6.0, 0.7)
UNIFORM = health(LN_K, LN_K, LN_K, 0.5)
ONE_PROTOTYPE = health(0.01, 0.01, 0.02, 0.5)
CONSTANT = health(5.0, 4.0, 4.0, 1e-4)


def diagnose(values, limits):
    return diagnose_prototypes(
        values,
        uniform_entropy=LN_K,
        min_entropy_gap=1e-3,
        min_prototype_entropy=0.1,
        min_feature_std=limits.min_feature_std,
    )


def monitor(policy="stop", patience=2, grace_steps=10):
    config = MonitorConfig(policy=policy, patience=patience)
    return CollapseMonitor(config, diagnose, "a lower train.base_lr", grace_steps)


@pytest.mark.parametrize(
    ("bad", "words"),
    [(UNIFORM, "uniform"), (ONE_PROTOTYPE, "same prototypes"), (CONSTANT, "constant")],
)
def test_each_kind_is_named_and_stops_the_run(bad, words):
    watch = monitor()
    assert words in watch.check(20, bad)
    with pytest.raises(Collapsed, match=f"{words}.*a lower train.base_lr"):
        watch.check(21, bad)


def test_healthy_lines_reset_the_count():
    watch = monitor()
    for step in range(20, 40):
        assert watch.check(step, HEALTHY if step % 2 else UNIFORM) is None or step % 2 == 0


def test_grace_steps_are_not_judged():
    watch = monitor(grace_steps=10)
    assert [watch.check(step, UNIFORM) for step in range(1, 11)] == [None] * 10
    assert watch.check(11, UNIFORM) is not None


def test_policies_warn_and_off():
    watch = monitor("warn", patience=1)
    assert [bool(watch.check(step, UNIFORM)) for step in (20, 21, 22)] == [True] * 3
    assert monitor("off").check(20, UNIFORM) is None


def test_measures_of_known_inputs():
    eye = torch.eye(4)
    measured = measure_prototypes(torch.tensor(2.0), eye, eye)
    assert measured["loss"] == 2.0
    assert measured["teacher_entropy"] == 0.0
    assert measured["prototype_entropy"] == pytest.approx(math.log(4))
    # Unit vectors with mean length 1/2: variance 1 - 1/4.
    assert measured["feature_std"] == pytest.approx(math.sqrt(0.75))
    constant = measure_prototypes(torch.tensor(2.0), torch.full((6, 4), 0.25), torch.ones(6, 3))
    assert constant["teacher_entropy"] == pytest.approx(math.log(4))
    assert constant["feature_std"] == pytest.approx(0.0, abs=1e-3)
