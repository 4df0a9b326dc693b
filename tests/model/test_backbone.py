"""What a backbone of timm must be able to do, and how it is refused before a run starts."""

from __future__ import annotations

import pytest
import torch

from fastpass.errors import ConfigError
from fastpass.model.backbone import (
    architecture_options,
    create_backbone,
    feature_size,
    require_view_sizes,
)

TINY = {"depth": 1, "embed_dim": 32, "num_heads": 2}
SWIN = "swin_tiny_patch4_window7_224"


@pytest.mark.parametrize("name", ["deit3_small_patch16_224", "vit_tiny_patch16_224"])
def test_vision_transformers_take_views_of_several_sizes(name):
    backbone = create_backbone(name, TINY)
    require_view_sizes(backbone, name, (224, 224, 96))
    assert all(module.training for module in backbone.modules())


def test_looking_draws_nothing_and_moves_no_statistics():
    backbone = create_backbone("resnet10t", {"channels": [8, 8, 8, 8], "drop_path_rate": 0.5})
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    state = torch.get_rng_state()
    require_view_sizes(backbone, "resnet10t", (32, 16))
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(dict(backbone.state_dict()), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "kwargs", "sizes", "words"),
    [
        (
            SWIN,
            {"depths": [1, 1, 1, 1], "embed_dim": 24},
            (224, 96),
            f"{SWIN} does not work on the recipe's views of 96 x 96 pixels",
        ),
        ("vit_tiny_patch16_224", TINY, (224, 90), "90 x 90"),
        ("vit_tiny_patch16_224", {**TINY, "in_chans": 1}, (32,), "32 x 32"),
        (
            "vit_tiny_patch16_224",
            {**TINY, "global_pool": ""},
            (32,),
            r"of the shape \(2, 5, 32\), wanted \(2, 32\)",
        ),
    ],
)
def test_a_view_that_does_not_fit_is_named(name, kwargs, sizes, words):
    with pytest.raises(ConfigError, match=words):
        require_view_sizes(create_backbone(name, kwargs), name, sizes)


def test_the_size_of_features_is_that_of_the_output():
    name = "mobilenetv3_small_050"  # a layer between its pooling and its features
    backbone = create_backbone(name, {})
    require_view_sizes(backbone, name, (32,))
    assert backbone.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, feature_size(backbone))


def test_weights_that_cannot_be_had_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    options = {**TINY, "pretrained": True, "cache_dir": str(tmp_path)}
    with pytest.raises(ConfigError, match="vit_tiny_patch16_224.*must be online"):
        create_backbone("vit_tiny_patch16_224", options)


@pytest.mark.parametrize("is_online", [False, True])
def test_a_file_of_weights_that_is_missing_or_of_another_model_is_named(tmp_path, is_online):
    """What helps is another path: nothing is downloaded where there is one."""
    options = {**TINY, "pretrained": is_online}
    for missing in (str(tmp_path / "none.pth"), str(tmp_path), 3):
        with pytest.raises(ConfigError) as caught:
            create_backbone("vit_tiny_patch16_224", {**options, "checkpoint_path": missing})
        assert f"model.kwargs.checkpoint_path: {missing!r} is no file" in str(caught.value)
    for name, tensors in (("other.pth", {"a": torch.zeros(3)}), ("other.safetensors", None)):
        path = tmp_path / name
        torch.save(tensors, path) if tensors else path.write_bytes(b"garbage")
        with pytest.raises(ConfigError) as caught:
            create_backbone("vit_tiny_patch16_224", {**TINY, "checkpoint_path": str(path)})
        assert f"'checkpoint_path': '{path}'" in str(caught.value)
        assert "must be those of this very model" in str(caught.value)
        assert "online" not in str(caught.value)


def test_drop_path_is_given_once():
    with pytest.raises(ConfigError, match="model.drop_path_rate is given twice"):
        create_backbone("vit_tiny_patch16_224", {**TINY, "drop_path_rate": 0.1}, 0.1)


def test_what_builds_a_model_without_its_weights():
    options = {**TINY, "pretrained": True, "checkpoint_path": "a.pth"}
    assert architecture_options(options) == TINY
