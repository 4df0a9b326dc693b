"""The published recipes, as data.

The flip stands first here and last in some of the originals: every other step treats left and
right alike, so the views are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from fastpass.augment.recipe import MAX_VIEWS, Recipe
from fastpass.augment.spec import Blur, Interpolation, Jitter, ViewSpec
from fastpass.checks import require_integer


def dino(
    *,
    global_size: int = 224,
    local_size: int = 96,
    num_local_crops: int = 8,
    global_scale: tuple[float, float] = (0.4, 1.0),
    local_scale: tuple[float, float] = (0.05, 0.4),
    blur_sigma: tuple[float, float] = (0.1, 2.0),
) -> Recipe:
    """DINO (Caron et al. 2021), as released: two global views, then the local ones.

    The first global view is always blurred; the second rarely, but it may be solarized.
    """
    require_integer("num_local_crops", num_local_crops, 0, MAX_VIEWS - 2)
    first = ViewSpec(
        size=global_size,
        scale=global_scale,
        interpolation="bicubic",
        jitter=Jitter(0.4, 0.4, 0.2, 0.1, probability=0.8),
        grayscale=0.2,
        blur=Blur(1.0, blur_sigma),
    )
    second = replace(first, blur=Blur(0.1, blur_sigma), solarize=0.2)
    local = replace(
        first, size=local_size, kind="local", scale=local_scale, blur=Blur(0.5, blur_sigma)
    )
    return Recipe("dino", (first, second, *[local] * num_local_crops))


def moco_v2(*, size: int = 224, scale: tuple[float, float] = (0.2, 1.0)) -> Recipe:
    """MoCo v2 (Chen et al. 2020), ``--aug-plus``: two views from the same distribution."""
    view = ViewSpec(
        size=size,
        scale=scale,
        jitter=Jitter(0.4, 0.4, 0.4, 0.1, probability=0.8),
        grayscale=0.2,
        blur=Blur(0.5),
    )
    return Recipe("moco_v2", (view, view))


def swav(
    *,
    global_size: int = 224,
    local_size: int = 96,
    num_local_crops: int = 6,
    global_scale: tuple[float, float] = (0.14, 1.0),
    local_scale: tuple[float, float] = (0.05, 0.14),
    blur_sigma: tuple[float, float] = (0.1, 2.0),
) -> Recipe:
    """SwAV (Caron et al. 2020), as released, with its Pillow blur and its std (0.228 first)."""
    require_integer("num_local_crops", num_local_crops, 0, MAX_VIEWS - 2)
    large = ViewSpec(
        size=global_size,
        scale=global_scale,
        jitter=Jitter(0.8, 0.8, 0.8, 0.2, probability=0.8),
        grayscale=0.2,
        blur=Blur(0.5, blur_sigma),
        std=(0.228, 0.224, 0.225),
    )
    small = replace(large, size=local_size, kind="local", scale=local_scale)
    return Recipe("swav", (large, large, *[small] * num_local_crops))


def rrc(
    size: int = 224,
    scale: tuple[float, float] = (0.08, 1.0),
    *,
    interpolation: Interpolation = "bilinear",
) -> Recipe:
    """One random resized crop and a flip: the usual supervised or linear-probe training."""
    return Recipe("rrc", (ViewSpec(size=size, scale=scale, interpolation=interpolation),))


def evaluation(
    *, size: int = 224, resize: int = 256, interpolation: Interpolation = "bicubic"
) -> Recipe:
    """The short side to ``resize`` pixels, the centre ``size`` x ``size``; nothing random."""
    view = ViewSpec(size=size, crop="center", resize=resize, interpolation=interpolation, flip=0.0)
    return Recipe("evaluation", (view,))


RECIPES: Mapping[str, Callable[[], Recipe]] = MappingProxyType(
    {"dino": dino, "moco_v2": moco_v2, "swav": swav, "rrc": rrc, "evaluation": evaluation}
)
"""By name, each with its defaults."""
