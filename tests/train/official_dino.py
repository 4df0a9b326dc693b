"""DINO step by step in float64, written from the formulas of the paper and its published recipe.

Nothing of fastpass.train is used here, and of a network only its backbone and its weights: head,
loss, schedules, clipping, AdamW, freezing, averages and center are written out. Caron et al. 2021
(algorithm 1, section 3, appendix), Loshchilov & Hutter 2019 (algorithm 2).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

HEAD = ("head.mlp.0", "head.mlp.2", "head.mlp.4")
PROTOTYPES = "head.prototypes.direction"


@dataclass(frozen=True)
class Recipe:
    num_steps: int
    warmup_steps: int
    frozen_steps: int
    peak_lr: float
    final_lr: float
    weight_decay: float
    final_weight_decay: float
    momentum: float
    student_temp: float
    teacher_temp: float
    center_momentum: float
    clip_norm: float

    def lr(self, step: int) -> float:
        if step < self.warmup_steps:
            return self.peak_lr * step / (self.warmup_steps - 1)
        return cosine(
            self.peak_lr,
            self.final_lr,
            step - self.warmup_steps,
            self.num_steps - self.warmup_steps,
        )


def cosine(start: float, end: float, step: int, num_steps: int) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * step / num_steps)) / 2


def scores_of(backbone: nn.Module, weights: dict[str, Tensor], views: Sequence[Tensor]) -> Tensor:
    """float64 [V, N, K]: cosines between projected features and prototypes."""
    own = {k.removeprefix("backbone."): v for k, v in weights.items() if k.startswith("backbone.")}
    scores = []
    for view in views:
        x = functional_call(backbone, own, (view,))
        for number, layer in enumerate(HEAD):
            x = x @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
            if number < 2:
                x = x * (1 + torch.erf(x / math.sqrt(2))) / 2  # GELU
        x = x / x.norm(dim=1, keepdim=True)
        directions = weights[PROTOTYPES]
        scores.append(x @ (directions / directions.norm(dim=1, keepdim=True)).T)
    return torch.stack(scores)


def loss_of(student: Tensor, teacher: Tensor, center: Tensor, recipe: Recipe) -> Tensor:
    """Equation 3: cross-entropy over all pairs of a teacher view and another student view."""
    total, pairs = student.new_zeros(()), 0
    for q in range(len(teacher)):
        p = torch.exp((teacher[q] - center) / recipe.teacher_temp)
        p = p / p.sum(dim=1, keepdim=True)
        for v in range(len(student)):
            if v != q:
                log_sum = torch.logsumexp(student[v] / recipe.student_temp, dim=1, keepdim=True)
                total = total - (p * (student[v] / recipe.student_temp - log_sum)).sum(1).mean()
                pairs += 1
    return total / pairs


class OfficialDino:
    """The whole batch of all ranks in one process. ``losses``: one per step."""

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        network = copy.deepcopy(network).double().eval()
        self.recipe = recipe
        self.backbone = network.backbone
        self.student = {name: p.detach().clone() for name, p in network.named_parameters()}
        self.trained = {name for name, p in network.named_parameters() if p.requires_grad}
        self.teacher = {name: value.clone() for name, value in self.student.items()}
        self.center = torch.zeros(len(self.student[PROTOTYPES]), dtype=torch.float64)
        self.moments: dict[str, tuple[int, Tensor, Tensor]] = {}
        self.losses: list[float] = []

    def step(self, views: Sequence[Tensor]) -> None:
        recipe, step = self.recipe, len(self.losses)
        views = [view.double() for view in views]
        weights = {n: v.requires_grad_(n in self.trained) for n, v in self.student.items()}
        teacher = scores_of(self.backbone, self.teacher, views[:2]).detach()
        loss = loss_of(scores_of(self.backbone, weights, views), teacher, self.center, recipe)
        names = sorted(self.trained)
        gradients = torch.autograd.grad(loss, [weights[name] for name in names])
        self.losses.append(loss.item())
        kept = recipe.center_momentum
        self.center = kept * self.center + (1 - kept) * teacher.mean(dim=(0, 1))
        self.student = {name: value.detach() for name, value in weights.items()}
        for name, gradient in zip(names, gradients, strict=True):
            gradient = gradient * min(1.0, recipe.clip_norm / (gradient.norm().item() + 1e-6))
            if name != PROTOTYPES or step >= recipe.frozen_steps:  # else it has no gradient
                self.adamw(name, gradient, step)
        m = cosine(recipe.momentum, 1.0, step, recipe.num_steps)
        self.teacher = {n: m * t + (1 - m) * self.student[n] for n, t in self.teacher.items()}

    def adamw(self, name: str, gradient: Tensor, step: int) -> None:
        value, lr = self.student[name], self.recipe.lr(step)
        is_decayed = value.ndim > 1 and not name.endswith(".bias")
        decay = cosine(
            self.recipe.weight_decay, self.recipe.final_weight_decay, step, self.recipe.num_steps
        )
        zeros = torch.zeros_like(value)
        count, first, second = self.moments.get(name, (0, zeros, zeros))
        count, first = count + 1, 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        self.moments[name] = (count, first, second)
        update = (first / (1 - 0.9**count)) / ((second / (1 - 0.999**count)).sqrt() + 1e-8)
        self.student[name] = value * (1 - lr * decay * is_decayed) - lr * update
