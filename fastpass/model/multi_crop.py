"""Backbone and head applied to views of several sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn


class MultiCropNetwork(nn.Module):
    """One backbone pass per run of equally large views, one head pass over everything.

    Input: list of V float tensors [N, 3, h_v, w_v]. Output: float32 [V * N, K], view-major:
    rows v*N .. (v+1)*N-1 belong to view v (DINO, section 5.2 of its appendix).
    """

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def features(self, views: Sequence[Tensor]) -> Tensor:
        """Backbone features float [V * N, D], view-major."""
        groups = [self.backbone(torch.cat(group)) for group in equal_size_runs(views)]
        return torch.cat(groups)

    def forward(self, views: Sequence[Tensor]) -> Tensor:
        scores: Tensor = self.head(self.features(views))
        return scores


def equal_size_runs(views: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Split ``views`` into maximal runs of consecutive views of equal height and width."""
    run: list[Tensor] = []
    for view in views:
        if run and run[-1].shape[-2:] != view.shape[-2:]:
            yield run
            run = []
        run.append(view)
    if run:
        yield run
