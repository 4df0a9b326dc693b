"""The projection head of DINO (Caron et al. 2021, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from fastpass.model.weight_norm_linear import WeightNormLinear


class DinoHead(nn.Module):
    """Features [N, D] -> prototype scores [N, num_prototypes], each a cosine times a gain.

    Linear-GELU-Linear-GELU-Linear down to ``bottleneck_dim``, L2 normalisation, then a linear map
    with unit-length rows: the prototypes. No batch norm. Linear weights start from a truncated
    normal of standard deviation 0.02 and zero biases, as in the paper's code.
    """

    def __init__(
        self,
        in_dim: int,
        num_prototypes: int,
        *,
        hidden_dim: int = 2048,
        bottleneck_dim: int = 256,
        has_fixed_gain: bool = True,
    ) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(in_dim, hidden_dim),
            nn.GELU(),
            nn.Linear(hidden_dim, hidden_dim),
            nn.GELU(),
            nn.Linear(hidden_dim, bottleneck_dim),
        )
        for layer in self.mlp:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)
        self.prototypes = WeightNormLinear(bottleneck_dim, num_prototypes, has_fixed_gain)

    def forward(self, features: Tensor) -> Tensor:
        # Normalising under bf16 autocast would round the unit length away: do it in float32.
        projected = functional.normalize(self.mlp(features).float(), dim=-1)
        scores: Tensor = self.prototypes(projected)
        return scores.to(torch.float32)
