"""Parameter groups, the moving average and per-tensor clipping, in one process."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from fastpass.train.engine.clipping import clip_each_tensor
from fastpass.train.engine.ema import start_as_copy, update_teacher
from fastpass.train.methods.dino import DinoConfig, make_networks, split_parameters

TINY = {"img_size": 16, "patch_size": 4, "embed_dim": 32, "depth": 1, "num_heads": 2}


def tiny_config(**head):
    return DinoConfig(
        model={"name": "vit_tiny_patch16_224", "kwargs": TINY, "drop_path_rate": 0.1},
        head={"num_prototypes": 8, "hidden_dim": 16, "bottleneck_dim": 8, **head},
    )


@pytest.fixture(scope="module")
def networks():
    return make_networks(tiny_config())


def names_by_group(student):
    names = {id(parameter): name for name, parameter in student.named_parameters()}
    kinds = ("decayed", "not decayed", "prototypes")
    groups = zip(kinds, split_parameters(student), strict=True)
    return {kind: {names[id(p)] for p in group} for kind, group in groups}


def test_membership_of_every_parameter(networks):
    student, _ = networks
    groups = names_by_group(student)
    assert groups["prototypes"] == {"head.prototypes.direction"}
    assert {"backbone.cls_token", "backbone.pos_embed", "head.mlp.0.weight"} <= groups["decayed"]
    assert "backbone.blocks.0.attn.qkv.weight" in groups["decayed"]
    assert {"backbone.norm.weight", "backbone.norm.bias", "head.mlp.4.bias"} <= groups[
        "not decayed"
    ]
    trained = {name for name, p in student.named_parameters() if p.requires_grad}
    assert set.union(*groups.values()) == trained
    assert sum(map(len, groups.values())) == len(trained)


def test_trained_gain_joins_the_prototypes():
    student, _ = make_networks(tiny_config(has_fixed_gain=False))
    prototypes = names_by_group(student)["prototypes"]
    assert prototypes == {"head.prototypes.direction", "head.prototypes.gain"}


def test_networks_start_equal_and_follow_the_seed(networks):
    student, teacher = networks
    for name, value in student.state_dict().items():
        assert torch.equal(value, teacher.state_dict()[name]), name
    assert not any(p.requires_grad for p in teacher.parameters())
    again, _ = make_networks(tiny_config())
    assert torch.equal(again.head.mlp[0].weight, student.head.mlp[0].weight)


@pytest.mark.parametrize("rate", ["drop_path_rate", "proj_drop_rate", "pos_drop_rate"])
def test_the_teacher_drops_nothing_wherever_the_rate_is_given(rate):
    model = {"name": "vit_tiny_patch16_224", "kwargs": {**TINY, "depth": 3, rate: 0.5}}
    student, teacher = make_networks(
        DinoConfig(model=model, head={"num_prototypes": 8, "hidden_dim": 16, "bottleneck_dim": 8})
    )
    views = [torch.randn(16, 3, 16, 16)] * 2
    with torch.no_grad():
        assert torch.equal(teacher(views), teacher(views))
        assert not torch.equal(student(views), student(views))


def test_moving_average_against_numpy():
    torch.manual_seed(0)
    student = nn.Sequential(nn.Linear(5, 3), nn.LayerNorm(3))
    teacher = start_as_copy(copy.deepcopy(student), student)
    expected = [p.detach().double().numpy().copy() for p in teacher.parameters()]
    for momentum in (0.9, 0.99, 1.0):
        with torch.no_grad():
            for parameter in student.parameters():
                parameter.add_(torch.randn_like(parameter))
        update_teacher(teacher, student, momentum)
        for value, parameter in zip(expected, student.parameters(), strict=True):
            value[:] = momentum * value + (1 - momentum) * parameter.detach().double().numpy()
    for value, parameter in zip(expected, teacher.parameters(), strict=True):
        np.testing.assert_allclose(parameter, value, rtol=1e-5, atol=1e-6)


def test_each_tensor_is_clipped_to_its_own_norm():
    big, small = torch.full((4,), 10.0), torch.tensor([[0.3, 0.4]])
    norms = clip_each_tensor(
        [big, None, small], 3.0, is_partitioned=True, device=torch.device("cpu")
    )
    assert norms.tolist() == pytest.approx([20.0, 0.0, 0.5])
    assert big.norm().item() == pytest.approx(3.0)
    assert small.flatten().tolist() == pytest.approx([0.3, 0.4])


def test_zero_max_norm_clips_nothing():
    gradient = torch.full((4,), 10.0)
    clip_each_tensor([gradient], 0.0, is_partitioned=False, device=torch.device("cpu"))
    assert gradient.tolist() == [10.0] * 4
