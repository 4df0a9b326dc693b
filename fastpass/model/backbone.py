"""The feature network: any image model of timm, without its classifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

from fastpass.errors import ConfigError

# Keywords of timm that say where weights come from: of no use once there are weights of our own.
WEIGHT_OPTIONS = ("pretrained", "checkpoint_path", "cache_dir")


def create_backbone(name: str, kwargs: Mapping[str, Any], drop_path_rate: float = 0.0) -> nn.Module:
    """timm's model ``name`` with ``num_classes=0``: float [N, 3, h, w] -> features float [N, D].

    ``kwargs`` are timm's own (``img_size``, ``patch_size``, ``depth``, ...).
    Raises ConfigError when timm refuses the name or a keyword, or finds no weights.
    """
    options = timm_options(name, kwargs)
    if drop_path_rate > 0.0:
        if options.get("drop_path_rate"):
            raise ConfigError("model.drop_path_rate is given twice: also in model.kwargs")
        options["drop_path_rate"] = drop_path_rate
    _require_weights_file(options)
    try:
        model: nn.Module = timm.create_model(name, num_classes=0, **options)
    except Exception as error:  # of timm, of the hub, of whatever reads a file of weights
        reason = f"{type(error).__name__}: {_first_line(error)}"
        raise ConfigError(
            f"timm cannot create the model {name!r} with {options}: {reason}. "
            f"{_creation_advice(name, options)}"
        ) from error
    return model


def _require_weights_file(options: Mapping[str, Any]) -> None:
    """Look before timm does: it spends its time on the model first, and then names no file."""
    path = options.get("checkpoint_path")
    if path and not (isinstance(path, str) and Path(path).is_file()):
        raise ConfigError(
            f"model.kwargs.checkpoint_path: {path!r} is no file; give the file of weights that "
            "this model shall start from"
        )


def _creation_advice(name: str, options: Mapping[str, Any]) -> str:
    if options.get("checkpoint_path"):
        return (
            "The weights in model.kwargs.checkpoint_path must be those of this very model without "
            "its classifier, under timm's names"
        )
    if options.get("pretrained") or ":" in name:  # "hf-hub:owner/model"
        return (
            "Weights are downloaded once, so the machine must be online then; or give "
            "model.kwargs.checkpoint_path"
        )
    return "See timm.list_models() for names, and the model's class for its keywords"


def timm_options(name: str, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """``kwargs`` plus what training needs: plain vision transformers get ``dynamic_img_size``, so
    that global and local crops of different sizes pass through the same weights (position
    embeddings are interpolated)."""
    is_vision_transformer = name.split(".")[0].startswith(("vit_", "deit_", "deit3_"))
    return ({"dynamic_img_size": True} if is_vision_transformer else {}) | dict(kwargs)


def architecture_options(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """``kwargs`` without those that load weights: what a model needs that gets trained ones."""
    return {name: value for name, value in kwargs.items() if name not in WEIGHT_OPTIONS}


def feature_size(backbone: nn.Module) -> int:
    """D, the width of the features that ``backbone`` returns."""
    size = getattr(backbone, "head_hidden_size", None) or backbone.num_features
    return int(size)  # type: ignore[arg-type]


@torch.no_grad()
def require_view_sizes(backbone: nn.Module, name: str, sizes: Iterable[int]) -> None:
    """Refuse a model that does not turn square views of ``sizes`` into features [N, D].

    Raises ConfigError naming the model and the size.
    """
    device = next(backbone.parameters()).device
    modes = {module: module.training for module in backbone.modules()}
    backbone.eval()
    width = feature_size(backbone)
    for size in dict.fromkeys(sizes):
        try:
            shape = tuple(backbone(torch.zeros(2, 3, size, size, device=device)).shape)
            problem = f"two views give features of the shape {shape}, wanted {(2, width)}"
        except (AssertionError, RuntimeError, ValueError, TypeError, IndexError) as error:
            shape, problem = (), _first_line(error)
        if shape != (2, width):
            raise ConfigError(
                f"model.name: {name} does not work on the recipe's views of {size} x {size} pixels "
                f"({problem}). Change the size of the views (augment.params) or of the model "
                "(model.kwargs.img_size), or choose a model that takes any size, such as "
                "vit_small_patch16_224"
            )
    for module, was_training in modes.items():
        module.training = was_training


def _first_line(error: Exception) -> str:
    """And the next, where the first announces it, as torch does with its list of wrong weights."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    return lines[0] if not lines[0].endswith(":") else " ".join(lines[:2]).replace("\t", "")[:300]
