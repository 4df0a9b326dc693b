"""Features of labelled images through the loader's deterministic center-crop recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from fastpass.errors import BadPack
from fastpass.evaluate.encoder import Encoder
from fastpass.feed.options import Mode


@torch.inference_mode()
def extract_features(
    batches: Iterable[Any], encode: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Run ``encode`` over one epoch of ``batches`` (one view each).

    Returns features float32 [N, D] and labels int64 [N] on the CPU, sorted by sample id, so that
    the order of the loader does not matter. Raises BadPack when there are no images or no labels.
    """
    features, labels, sample_ids = [], [], []
    for batch in batches:
        if batch.labels is None:
            raise BadPack("these images have no labels: give one folder per class or labelled tars")
        features.append(encode(batch.views[0]).float().cpu())
        labels.append(torch.as_tensor(batch.labels).cpu())
        sample_ids.append(torch.as_tensor(batch.sample_ids).cpu())
    if not features:
        raise BadPack("no images to evaluate on")
    order = torch.cat(sample_ids).argsort()
    return torch.cat(features)[order], torch.cat(labels)[order]


def open_images(
    source: str, encoder: Encoder, *, batch_size: int, mode: Mode, device: torch.device
) -> Any:
    """A loader of the images in ``source`` as ``encoder`` wants them; the caller closes it.

    DINO's protocol: the shorter side to 256/224 of the crop (bicubic), then a center crop; images
    that already have the size of the encoder's input (CIFAR) pass unchanged.
    """
    from fastpass.augment import Recipe, recipes
    from fastpass.feed import Loader
    from fastpass.pack import Pack

    size = encoder.image_size
    recipe = recipes.evaluation(size=size, resize=evaluation_resize(size))
    (view,) = recipe.views
    recipe = Recipe(recipe.name, (replace(view, mean=encoder.mean, std=encoder.std),))
    return Loader(
        Pack(source), recipe, batch_size=batch_size, mode=mode, device=str(device), shuffle=False,
        rank=0, world_size=1, drop_last=False,
    )  # fmt: skip


def evaluation_resize(size: int) -> int:
    """Length in pixels that the shorter side is resized to before the center crop of ``size``.

    256 for 224, as in the original; below 64 px nothing is cut off, there is no border to spare.
    """
    return size if size < 64 else round(size * 256 / 224)
