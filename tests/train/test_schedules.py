"""Schedules against closed forms written out step by step."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fastpass.train.methods.dino import DinoConfig, make_schedules
from fastpass.train.methods.schedules import cosine_with_warmup, linear_then_constant

STEPS_PER_EPOCH, BATCH = 5004, 512  # ImageNet at the paper's batch divided by two


def cosine(base, final, i, n):
    return final + 0.5 * (base - final) * (1 + math.cos(math.pi * i / n))


@pytest.fixture(scope="module")
def vanilla():
    return make_schedules(DinoConfig(), STEPS_PER_EPOCH, BATCH)


def test_lr_of_the_vanilla_recipe(vanilla):
    warmup, total = 10 * STEPS_PER_EPOCH, 100 * STEPS_PER_EPOCH
    peak = 5e-4 * BATCH / 256
    assert len(vanilla.lr) == total
    assert vanilla.lr[0] == 0.0
    assert vanilla.lr[warmup - 1] == vanilla.lr[warmup] == pytest.approx(peak)
    for step in (17, 50, warmup - 2):
        assert vanilla.lr[step] == pytest.approx(peak * step / (warmup - 1))
    for step in (warmup + 1, total // 2, total - 50, total - 1):
        assert vanilla.lr[step] == pytest.approx(cosine(peak, 1e-6, step - warmup, total - warmup))


def test_weight_decay_and_momentum_of_the_vanilla_recipe(vanilla):
    total = len(vanilla.lr)
    for step in (0, 1, total // 3, total - 1):
        assert vanilla.weight_decay[step] == pytest.approx(cosine(0.04, 0.4, step, total))
        assert vanilla.teacher_momentum[step] == pytest.approx(cosine(0.996, 1.0, step, total))


def test_prototypes_are_frozen_for_one_epoch(vanilla):
    assert not vanilla.prototypes_lr[:STEPS_PER_EPOCH].any()
    np.testing.assert_array_equal(
        vanilla.prototypes_lr[STEPS_PER_EPOCH:], vanilla.lr[STEPS_PER_EPOCH:]
    )


def test_teacher_temperature_warms_up():
    loss = {"teacher_temp": 0.07, "teacher_temp_start": 0.04, "teacher_temp_warmup_epochs": 30}
    temp = make_schedules(DinoConfig(loss=loss), 10, BATCH).teacher_temp
    assert temp[0] == 0.04
    assert temp[150] == pytest.approx(0.04 + 0.03 * 150 / 299)
    assert (temp[299:] == 0.07).all()
    assert len(temp) == 1000


def test_warmup_longer_than_the_run():
    np.testing.assert_allclose(cosine_with_warmup(1.0, 0.0, 3, warmup_steps=9), [0.0, 0.5, 1.0])
    np.testing.assert_allclose(linear_then_constant(0.0, 1.0, 2, 5), [0.0, 1.0])


def test_no_warmup_starts_at_the_base():
    values = cosine_with_warmup(2.0, 1.0, 4)
    np.testing.assert_allclose(
        values, [2.0, 1.5 + math.sqrt(0.5) / 2, 1.5, 1.5 - math.sqrt(0.5) / 2]
    )
