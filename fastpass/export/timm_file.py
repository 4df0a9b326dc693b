"""A safetensors file that ``timm.create_model`` loads without a missing or unexpected key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import timm
import torch

from fastpass.common.files import written_path
from fastpass.common.outputs import mark_of
from fastpass.errors import BadArgument, WriteFailed
from fastpass.evaluate.encoder import architecture_of, trained_network
from fastpass.evaluate.features import evaluation_resize
from fastpass.model.backbone import timm_options
from fastpass.train.checkpoint import Checkpoint

SUFFIX = ".safetensors"
KIND = "export"  # of output; see fastpass.common.outputs


def export_timm(
    checkpoint: Checkpoint, path: str | Path, *, network: Literal["teacher", "student"] = "teacher"
) -> dict[str, str]:
    """Write the backbone of ``checkpoint`` to ``path``; returns the metadata stored in the header.

    The metadata say how to build the model again: ``timm.create_model(model, num_classes=0,
    checkpoint_path=path, **json.loads(kwargs))``. ``timm.data.resolve_data_config(model=...)`` of
    that model then gives the input that the network was trained on; ``image_size`` (pixels),
    ``mean`` and ``std`` say it once more. The weights are loaded into that very model before
    anything is written.

    Raises BadArgument for a name that timm would not read as safetensors, BadCheckpoint when the
    weights do not fit, WriteFailed.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    if not str(path).endswith(SUFFIX):
        raise BadArgument(f"{path}: timm knows the format by the name; wanted one in {SUFFIX}")
    backbone = checkpoint.state["backbone"]
    trained = trained_network(checkpoint, network)
    kwargs = timm_kwargs(checkpoint, trained)
    model: torch.nn.Module = timm.create_model(backbone["name"], num_classes=0, **kwargs)
    model.load_state_dict(trained.state_dict(), strict=True)
    metadata = {
        "format": "pt",
        "written_by": mark_of(KIND),
        "model": backbone["name"],
        "kwargs": json.dumps(kwargs),
        "image_size": json.dumps(backbone["image_size"]),
        "mean": json.dumps(backbone["mean"]),
        "std": json.dumps(backbone["std"]),
        "step": str(checkpoint.step),
    }
    try:
        with written_path(path) as temporary:
            save_file(trained.state_dict(), temporary, metadata=metadata)
    except SafetensorError as error:  # a full disk, too
        raise WriteFailed(f"cannot write {path}: {error}") from error
    return metadata


def timm_kwargs(checkpoint: Checkpoint, model: Any) -> dict[str, Any]:
    """What ``timm.create_model`` needs to make ``model`` again, with the data that it was made for.

    timm derives the size of a model's position embeddings from its data configuration, so that
    size is named where the configuration of ours would change it.
    """
    backbone = checkpoint.state["backbone"]
    size, old = backbone["image_size"], model.pretrained_cfg
    kwargs = timm_options(backbone["name"], architecture_of(checkpoint))
    if old.get("fixed_input_size"):
        kwargs.setdefault("img_size", old["input_size"][-1])
    overlay = {
        "input_size": [3, size, size],
        "mean": list(backbone["mean"]),
        "std": list(backbone["std"]),
        "interpolation": "bicubic",
        "crop_pct": size / evaluation_resize(size),
        "crop_mode": "center",
    }
    return kwargs | {"pretrained_cfg_overlay": overlay}


def loading_code(path: str, metadata: dict[str, str]) -> str:
    """Lines of Python that load an exported file with timm, and make the transform of its input."""
    arguments = [repr(metadata["model"]), "num_classes=0", f"checkpoint_path={path!r}"]
    for name, value in json.loads(metadata["kwargs"]).items():
        arguments.append(f"{name}={value!r}")
    return (
        "import timm\n"
        f"model = timm.create_model({', '.join(arguments)})\n"
        "data_config = timm.data.resolve_data_config(model=model)\n"
        "transform = timm.data.create_transform(**data_config)"
    )


def load_exported(path: str | Path) -> torch.nn.Module:
    """Build the model that an exported file describes, with its weights, in evaluation mode."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    model: torch.nn.Module = timm.create_model(
        metadata["model"],
        num_classes=0,
        checkpoint_path=str(path),
        **json.loads(metadata["kwargs"]),
    )
    return model.eval()
