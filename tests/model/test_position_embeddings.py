"""How timm's position embeddings of a small view differ from those of the official DINO code.

docs/training.md states these numbers. The official code's resampling is written out here: bicubic,
without a filter, by the factor (6 + 0.1) / 14 from 224 to 96 pixels.
"""

from __future__ import annotations

import math

import pytest
import torch
from timm.layers import resample_abs_pos_embed
from torch import Tensor
from torch.nn import functional

DIM = 384


def official(embeddings: Tensor) -> Tensor:
    """[1, 14 * 14, D] -> [1, 6 * 6, D]."""
    grid = embeddings.view(1, 14, 14, DIM).permute(0, 3, 1, 2)
    scaled = functional.interpolate(grid, scale_factor=(6.1 / 14, 6.1 / 14), mode="bicubic")
    return scaled.permute(0, 2, 3, 1).reshape(1, 36, DIM)


def ours(embeddings: Tensor) -> Tensor:
    return resample_abs_pos_embed(embeddings, (6, 6), (14, 14), num_prefix_tokens=0)


def test_random_embeddings():
    noise = 0.02 * torch.randn(1, 196, DIM, generator=torch.Generator().manual_seed(0))
    assert official(noise).std().item() == pytest.approx(0.017, abs=5e-4)
    assert ours(noise).std().item() == pytest.approx(0.007, abs=5e-4)


def test_smooth_embeddings():
    """Waves of up to one period over the image, in any direction."""
    generator = torch.Generator().manual_seed(1)
    y, x, phase = 2 * math.pi * torch.rand(3, DIM, generator=generator)
    rows, columns = torch.meshgrid(torch.arange(14) / 14, torch.arange(14) / 14, indexing="ij")
    waves = torch.cos(rows[..., None] * y + columns[..., None] * x + phase).view(1, 196, DIM)
    difference = (official(waves) - ours(waves)).norm() / official(waves).norm()
    assert difference.item() == pytest.approx(0.07, abs=0.01)
