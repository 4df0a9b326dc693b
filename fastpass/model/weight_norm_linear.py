"""A linear map whose rows have a length of their own (Salimans & Kingma 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class WeightNormLinear(nn.Module):
    """[N, in_dim] -> [N, out_dim] with row k = gain[k] * direction[k] / |direction[k]|; no bias.

    With ``has_fixed_gain`` the gain stays 1 and is not trained (DINO's norm_last_layer).
    Written out instead of torch's parametrization so that names in checkpoints stay plain.
    """

    def __init__(self, in_dim: int, out_dim: int, has_fixed_gain: bool = True) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.empty(out_dim, in_dim))
        self.gain = nn.Parameter(torch.ones(out_dim, 1), requires_grad=not has_fixed_gain)
        nn.init.kaiming_uniform_(self.direction, a=5**0.5)  # torch's default for nn.Linear

    def forward(self, inputs: Tensor) -> Tensor:
        weight = functional.normalize(self.direction, dim=1) * self.gain
        return functional.linear(inputs, weight)
