"""Batch norm over ranks, in one process: the layer of torch and of timm that it replaces."""

from __future__ import annotations

import copy

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import nn

from fastpass.model.batch_norm import SyncBatchNorm, synchronize_batch_norm, train_batch_norm_only

SHAPE = (6, 5, 3, 4)


LAYERS = [
    nn.BatchNorm2d(5),
    nn.BatchNorm2d(5, affine=False, momentum=None),
    nn.BatchNorm2d(5, track_running_stats=False),
    nn.BatchNorm1d(5, eps=1e-3, momentum=0.3),
    BatchNormAct2d(5),  # with a ReLU
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_it_is_the_layer_it_replaces(layer):
    torch.manual_seed(3)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, 0.5, 1.5)
    twin = SyncBatchNorm(copy.deepcopy(layer))
    shape = SHAPE[:2] if isinstance(layer, nn.BatchNorm1d) else SHAPE
    for step in range(3):
        if step == 2:
            layer.eval(), twin.eval()
        one = (2.0 + torch.randn(shape)).requires_grad_()
        other = one.detach().clone().requires_grad_()
        weights = torch.randn(shape)
        (layer(one) * weights).sum().backward()
        (twin(other) * weights).sum().backward()
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(twin.state_dict(), layer.state_dict())
    assert list(twin.state_dict()) == list(layer.state_dict())
    for (name, a), (_, b) in zip(layer.named_parameters(), twin.named_parameters(), strict=True):
        torch.testing.assert_close(b.grad, a.grad, msg=name, rtol=1e-5, atol=1e-5)


def test_low_precision_is_normalized_in_float32():
    layer = SyncBatchNorm(nn.BatchNorm1d(4))
    inputs = (100 + torch.randn(64, 4)).bfloat16()
    outputs = layer(inputs)
    assert outputs.dtype == torch.bfloat16
    expected = nn.BatchNorm1d(4)(inputs.float())
    torch.testing.assert_close(outputs.float(), expected, rtol=1e-2, atol=1e-2)
    assert layer.running_mean.dtype == torch.float32


def test_every_batch_norm_of_a_network_is_replaced_and_no_name_changes():
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sequential(nn.BatchNorm2d(4), nn.LayerNorm(2)))
    names = list(network.state_dict())
    synchronize_batch_norm(network)
    assert isinstance(network[1][0], SyncBatchNorm)
    assert list(network.state_dict()) == names


def test_only_batch_norm_trains_in_a_teacher():
    network = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(4), SyncBatchNorm(nn.BatchNorm1d(4)))
    train_batch_norm_only(network)
    assert [module.training for module in network] == [False, True, True]
