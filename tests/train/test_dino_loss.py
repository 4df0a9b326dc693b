"""The loss against a reference written in NumPy float64 from the paper's equations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fastpass.train.losses.dino import DinoLoss, mean_entropy

NUM_VIEWS, NUM_SAMPLES, NUM_PROTOTYPES = 5, 3, 7
STUDENT_TEMP, TEACHER_TEMP = 0.1, 0.04


def numpy_softmax(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def reference(student, teacher, center):
    """Loss and its gradient with respect to the student's scores [V, N, K], pair by pair."""
    p = numpy_softmax((teacher - center) / TEACHER_TEMP)
    q = numpy_softmax(student / STUDENT_TEMP)
    loss, gradient, num_pairs = 0.0, np.zeros_like(student), 0
    for t in range(2):
        for v in range(len(student)):
            if t == v:
                continue
            num_pairs += 1
            for n in range(student.shape[1]):
                loss -= (p[t, n] * np.log(q[v, n])).sum() / student.shape[1]
                gradient[v, n] += (q[v, n] - p[t, n]) / STUDENT_TEMP / student.shape[1]
    return loss / num_pairs, gradient / num_pairs


@pytest.fixture
def scores():
    random = np.random.default_rng(0)
    student = random.uniform(-1, 1, (NUM_VIEWS, NUM_SAMPLES, NUM_PROTOTYPES))
    teacher = random.uniform(-1, 1, (2, NUM_SAMPLES, NUM_PROTOTYPES))
    center = random.uniform(-0.2, 0.2, NUM_PROTOTYPES)
    return student, teacher, center


def flat(array):
    return torch.from_numpy(array).flatten(0, -2)


def test_value_and_gradient(scores):
    student, teacher, center = scores
    loss = DinoLoss(NUM_PROTOTYPES, student_temp=STUDENT_TEMP).double()
    loss.center.copy_(torch.from_numpy(center))
    student_scores = flat(student).requires_grad_()
    value = loss(student_scores, loss.targets(flat(teacher), TEACHER_TEMP))
    value.backward()
    expected, gradient = reference(student, teacher, center)
    assert value.item() == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(
        student_scores.grad, gradient.reshape(-1, NUM_PROTOTYPES), atol=1e-12
    )


def test_float32_agrees_with_float64(scores):
    student, teacher, center = scores
    loss = DinoLoss(NUM_PROTOTYPES, student_temp=STUDENT_TEMP)
    loss.center.copy_(torch.from_numpy(center))
    value = loss(flat(student).float(), loss.targets(flat(teacher).float(), TEACHER_TEMP))
    assert value.item() == pytest.approx(reference(student, teacher, center)[0], rel=1e-6)


def test_center_is_a_moving_average_of_the_mean_score(scores):
    _, teacher, center = scores
    loss = DinoLoss(NUM_PROTOTYPES, center_momentum=0.9).double()
    loss.center.copy_(torch.from_numpy(center))
    loss.update_center(flat(teacher))
    np.testing.assert_allclose(loss.center, 0.9 * center + 0.1 * teacher.mean(axis=(0, 1)))


def test_uniform_networks_cost_ln_k():
    loss = DinoLoss(NUM_PROTOTYPES)
    zeros = torch.zeros(NUM_VIEWS * NUM_SAMPLES, NUM_PROTOTYPES)
    value = loss(zeros, loss.targets(zeros[: 2 * NUM_SAMPLES], TEACHER_TEMP))
    assert value.item() == pytest.approx(np.log(NUM_PROTOTYPES))


def test_order_of_samples_and_views_does_not_matter(scores):
    student, teacher, _ = scores
    loss = DinoLoss(NUM_PROTOTYPES).double()

    def value(student, teacher):
        return loss(flat(student), loss.targets(flat(teacher), TEACHER_TEMP)).item()

    expected = value(student, teacher)
    samples = [2, 0, 1]
    assert value(student[:, samples], teacher[:, samples]) == pytest.approx(expected)
    swapped = [1, 0, 4, 2, 3]
    assert value(student[swapped], teacher[[1, 0]]) == pytest.approx(expected)
    assert value(student[swapped], teacher) != pytest.approx(expected, rel=1e-3)


def test_extreme_scores_stay_finite():
    loss = DinoLoss(4)
    scores = torch.tensor([[1e4, -1e4, 0.0, 3.0]]).repeat(3, 1).requires_grad_()
    value = loss(scores, loss.targets(scores[:2].detach(), 1e-3))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(scores.grad).all()


def test_mean_entropy():
    rows = torch.tensor([[0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0]])
    assert mean_entropy(rows).item() == pytest.approx(np.log(4) / 2)
