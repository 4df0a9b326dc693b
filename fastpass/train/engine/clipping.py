"""Clipping of every tensor's gradient to its own norm, also where gradients are partitioned."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fastpass.train.engine.ranks import sum_over_ranks

EPSILON = 1e-6  # as in DINO's clip_gradients


@torch.no_grad()
def clip_each_tensor(
    fragments: Sequence[Tensor | None],
    max_norm: float,
    *,
    is_partitioned: bool,
    device: torch.device,
) -> Tensor:
    """Scale the gradient of tensor i by min(1, max_norm / (norm_i + 1e-6)), in place.

    ``fragments[i]`` is the part of the averaged gradient of tensor i that this rank owns, None if
    it owns nothing of it; the order is the same on all ranks. With ``is_partitioned`` (ZeRO-1) the
    parts of all ranks are disjoint and make up the tensor, so one all-reduce of the squared norms
    (4 bytes per tensor) gives the exact norms; otherwise every rank holds whole gradients.
    Returns the norms before clipping, float32 [len(fragments)].
    """
    squares = torch.zeros(len(fragments), device=device)
    owned = [index for index, fragment in enumerate(fragments) if fragment is not None]
    parts = [fragment for fragment in fragments if fragment is not None]
    if parts:
        squares[owned] = torch.stack(torch._foreach_norm(parts, dtype=torch.float32)).square()
    if is_partitioned:
        sum_over_ranks(squares)
    norms = squares.sqrt()
    if max_norm > 0.0 and parts:
        scales = (max_norm / (norms + EPSILON)).clamp(max=1.0)
        torch._foreach_mul_(parts, list(scales[owned].to(parts[0].dtype).unbind()))
    return norms
