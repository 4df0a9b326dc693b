"""Backbone, head and multi-crop wrapper."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fastpass.errors import ConfigError
from fastpass.model.backbone import create_backbone, feature_size
from fastpass.model.dino_head import DinoHead
from fastpass.model.multi_crop import MultiCropNetwork, equal_size_runs
from fastpass.model.weight_norm_linear import WeightNormLinear

TINY = {"img_size": 16, "patch_size": 4, "embed_dim": 32, "depth": 1, "num_heads": 2}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    backbone = create_backbone("vit_tiny_patch16_224", TINY)
    return MultiCropNetwork(backbone, DinoHead(32, 20, hidden_dim=16, bottleneck_dim=8)).eval()


def test_the_official_backbone_has_its_published_size():
    backbone = create_backbone("vit_small_patch16_224", {})
    assert feature_size(backbone) == 384
    assert sum(p.numel() for p in backbone.parameters()) == 21_665_664  # "21M" in the paper
    assert backbone(torch.zeros(1, 3, 96, 96)).shape == (1, 384)


def test_the_official_head_has_its_published_shape():
    shapes = {name: tuple(p.shape) for name, p in DinoHead(384, 65536).named_parameters()}
    assert shapes["mlp.0.weight"] == (2048, 384)
    assert shapes["mlp.2.weight"] == (2048, 2048)
    assert shapes["mlp.4.weight"] == (256, 2048)
    assert shapes["prototypes.direction"] == (65536, 256)


def test_multi_crop_equals_one_view_at_a_time(network):
    views = [torch.randn(3, 3, size, size) for size in (16, 16, 8, 8, 16)]
    with torch.no_grad():
        together = network(views)
        one_by_one = torch.cat([network.head(network.backbone(view)) for view in views])
    torch.testing.assert_close(together, one_by_one)


def test_runs_of_equal_size():
    views = [torch.zeros(1, 3, size, size) for size in (16, 16, 8, 16)]
    assert [len(run) for run in equal_size_runs(views)] == [2, 1, 1]
    assert list(equal_size_runs([])) == []


def test_head_scores_are_cosines():
    torch.manual_seed(0)
    head = DinoHead(6, 5, hidden_dim=7, bottleneck_dim=4).double()
    x = torch.randn(9, 6, dtype=torch.float64)
    z = head.mlp(x).detach().float().double().numpy()
    w = head.prototypes.direction.detach().numpy()
    expected = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (
        w / np.linalg.norm(w, axis=1, keepdims=True)
    ).T
    head.float()
    np.testing.assert_allclose(head(x.float()).detach(), expected, atol=1e-5)


def test_gain_is_trained_only_when_asked():
    assert not WeightNormLinear(3, 2).gain.requires_grad
    assert WeightNormLinear(3, 2, has_fixed_gain=False).gain.requires_grad


@pytest.mark.parametrize(
    ("name", "kwargs"), [("vit_none", {}), ("vit_tiny_patch16_224", {"no_such_keyword": 1})]
)
def test_what_timm_refuses_is_a_config_error(name, kwargs):
    with pytest.raises(ConfigError, match=name):
        create_backbone(name, kwargs)
