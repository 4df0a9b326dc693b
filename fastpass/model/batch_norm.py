"""Batch norm in a run of several processes, on GPUs and CPUs alike."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm


class SyncBatchNorm(nn.Module):
    """Batch norm over the batches of all ranks: float [N, C, ...] -> the same shape.

    Every rank normalizes by the mean and variance of all of them, and keeps the same running
    statistics. torch.nn.SyncBatchNorm does so on GPUs alone. Parameters, buffers and their names
    are those of the layer it replaces; timm's layers bring an activation of their own.
    """

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(self, layer: _BatchNorm) -> None:
        super().__init__()
        self.eps, self.momentum = layer.eps, layer.momentum
        self.weight, self.bias = layer.weight, layer.bias  # float [C], or None
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(layer, name))
        self.drop = getattr(layer, "drop", nn.Identity())  # of timm's BatchNormAct2d
        self.act = getattr(layer, "act", nn.Identity())
        self.train(layer.training)

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training or self.running_mean is None:
            normalized, mean, variance, count = _normalize(inputs, self.eps)
            if self.training:
                self._track(mean, variance * (count / (count - 1)))
            outputs = _scale(normalized, self.weight, self.bias).to(inputs.dtype)
        else:
            outputs = functional.batch_norm(
                inputs, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        activated: Tensor = self.act(self.drop(outputs))
        return activated

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        weight = self.momentum or 1.0 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, weight)
        self.running_var.lerp_(variance, weight)


class _Normalize(torch.autograd.Function):
    """(x - mean) / sqrt(variance + eps) with the statistics of all ranks, and its gradient.

    With z the result, the gradient of x is (g - mean(g) - z mean(g z)) / sqrt(variance + eps),
    where means, too, are over the batches of all ranks (Ioffe & Szegedy 2015, section 3).
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        values = inputs.float()
        sums = _over_ranks(torch.cat([_sum(values), values.new_tensor([_rows(values)])]))
        count = sums[-1]
        mean = sums[:-1] / count
        centered = values - _like(mean, values)
        variance = _over_ranks(_sum(centered.square())) / count
        scale = (variance + eps).rsqrt()
        normalized = centered * _like(scale, values)
        ctx.save_for_backward(normalized, scale, count)
        ctx.mark_non_differentiable(mean, variance, count)
        return normalized, mean, variance, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        normalized, scale, count = ctx.saved_tensors
        gradient = gradients[0].float()
        sums = _over_ranks(torch.cat([_sum(gradient), _sum(gradient * normalized)]))
        mean, covariance = (sums / count).chunk(2)
        rest = gradient - _like(mean, gradient) - normalized * _like(covariance, gradient)
        return rest * _like(scale, gradient), None


def _normalize(inputs: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(normalized float32, mean [C], biased variance [C], number of values per channel)."""
    result: tuple[Tensor, Tensor, Tensor, Tensor] = _Normalize.apply(inputs, eps)
    return result


def _scale(normalized: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is None or bias is None:
        return normalized
    return normalized * _like(weight, normalized) + _like(bias, normalized)


def _sum(values: Tensor) -> Tensor:
    """[N, C, ...] -> [C]."""
    return values.transpose(0, 1).flatten(1).sum(dim=1)


def _rows(values: Tensor) -> int:
    return values.numel() // values.shape[1]


def _like(per_channel: Tensor, values: Tensor) -> Tensor:
    """[C] -> [1, C, 1, ...], to be combined with ``values``."""
    return per_channel.view(1, -1, *[1] * (values.ndim - 2))


def _over_ranks(sums: Tensor) -> Tensor:
    if dist.is_initialized() and dist.get_world_size() > 1:
        dist.all_reduce(sums)
    return sums


def synchronize_batch_norm(network: nn.Module) -> None:
    """Replace every batch norm inside ``network`` by one over all ranks, weights kept."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _BatchNorm):
                setattr(parent, name, SyncBatchNorm(child))


def train_batch_norm_only(network: nn.Module) -> None:
    """Training mode for batch norm, evaluation mode for everything else (dropout, drop path)."""
    network.eval()
    for module in network.modules():
        if isinstance(module, _BatchNorm | SyncBatchNorm):
            module.training = True
