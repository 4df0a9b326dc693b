"""One view per image: supervised training and evaluation."""

from __future__ import annotations

from fastpass.augment.recipe import Recipe
from fastpass.augment.spec import Interpolation, ViewSpec


def rrc(
    size: int = 224,
    scale: tuple[float, float] = (0.08, 1.0),
    *,
    interpolation: Interpolation = "bilinear",
) -> Recipe:
    """One random resized crop and a flip: the usual supervised or linear-probe training.

    The defaults are torchvision's RandomResizedCrop's (area and aspect of Szegedy et al. 2015).
    """
    return Recipe("rrc", (ViewSpec(size=size, scale=scale, interpolation=interpolation),))


def evaluation(
    *, size: int = 224, resize: int = 256, interpolation: Interpolation = "bicubic"
) -> Recipe:
    """The short side to ``resize`` pixels, the centre ``size`` x ``size``; nothing random.

    As DINO and DINOv2 evaluate; most supervised models were evaluated with "bilinear".
    """
    view = ViewSpec(size=size, crop="center", resize=resize, interpolation=interpolation, flip=0.0)
    return Recipe("evaluation", (view,))
