"""The feature network: any image model of timm, without its classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import timm
from torch import nn

from fastpass.errors import ConfigError


def create_backbone(name: str, kwargs: Mapping[str, Any], drop_path_rate: float = 0.0) -> nn.Module:
    """timm's model ``name`` with ``num_classes=0``: float [N, 3, h, w] -> features float [N, D].

    ``kwargs`` are timm's own (``img_size``, ``patch_size``, ``depth``, ...).
    Raises ConfigError when timm refuses the name or a keyword.
    """
    options = timm_options(name, kwargs)
    if drop_path_rate > 0.0:
        options["drop_path_rate"] = drop_path_rate
    try:
        model: nn.Module = timm.create_model(name, num_classes=0, **options)
    except (RuntimeError, TypeError, ValueError, AssertionError) as error:
        raise ConfigError(
            f"timm cannot create the model {name!r} with {options}: {error}; "
            "see timm.list_models() for names and the model's class for its keywords"
        ) from error
    return model


def timm_options(name: str, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """``kwargs`` plus what training needs: plain vision transformers get ``dynamic_img_size``, so
    that global and local crops of different sizes pass through the same weights (position
    embeddings are interpolated)."""
    is_vision_transformer = name.split(".")[0].startswith(("vit_", "deit_"))
    return ({"dynamic_img_size": True} if is_vision_transformer else {}) | dict(kwargs)


def feature_size(backbone: nn.Module) -> int:
    """D, the width of the features that ``backbone`` returns."""
    return int(backbone.num_features)  # type: ignore[arg-type]
