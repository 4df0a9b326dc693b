"""Multi-crop: two global views, then many small local ones."""

from __future__ import annotations

from dataclasses import replace

from fastpass.augment.recipe import MAX_VIEWS, Recipe
from fastpass.augment.spec import Blur, BlurKind, Jitter, ViewSpec
from fastpass.common.checks import require_integer

Range = tuple[float, float]


def dino(
    *,
    global_size: int = 224,
    local_size: int = 96,
    num_local_crops: int = 8,
    global_scale: Range = (0.4, 1.0),
    local_scale: Range = (0.05, 0.4),
    blur_sigma: Range = (0.1, 2.0),
) -> Recipe:
    """DINO (Caron et al. 2021), as released: two global views, then the local ones.

    The first global view is always blurred; the second rarely, but it may be solarized. The
    defaults are those of main_dino.py. The released ViT-S/16 of 800 epochs has global_scale
    (0.25, 1), local_scale (0.05, 0.25) and 10 local crops; the ResNet-50 has (0.14, 1) and
    (0.05, 0.14).
    """
    num_local_crops = require_integer("num_local_crops", num_local_crops, 0, MAX_VIEWS - 2)
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


def dinov2(
    *,
    global_size: int = 224,
    local_size: int = 96,
    num_local_crops: int = 8,
    global_scale: Range = (0.32, 1.0),
    local_scale: Range = (0.05, 0.32),
    blur_sigma: Range = (0.1, 2.0),
) -> Recipe:
    """DINOv2 (Oquab et al. 2023), as in the paper: DINO's views from other scales.

    The blur is torchvision's, with a kernel of 9 pixels. Patches of 14 pixels want
    ``local_size=98``. ``dinov2_released`` is what the published weights were trained with.
    """
    recipe = dino(
        global_size=global_size,
        local_size=local_size,
        num_local_crops=num_local_crops,
        global_scale=global_scale,
        local_scale=local_scale,
    )
    return _with_torchvision_blur("dinov2", recipe, (1.0, 0.1, 0.5), blur_sigma)


def dinov2_released(
    *,
    global_size: int = 224,
    local_size: int = 96,
    num_local_crops: int = 8,
    global_scale: Range = (0.32, 1.0),
    local_scale: Range = (0.05, 0.32),
    blur_sigma: Range = (0.1, 2.0),
) -> Recipe:
    """DINOv2 as the released code of DINOv2 and DINOv3 computes it.

    That code hands the probability of *not* blurring to RandomApply: the first global view is
    never blurred, the second in 9 of 10 cases (github.com/facebookresearch/dinov3, issue 286).
    All else is as in ``dinov2``.
    """
    recipe = dino(
        global_size=global_size,
        local_size=local_size,
        num_local_crops=num_local_crops,
        global_scale=global_scale,
        local_scale=local_scale,
    )
    return _with_torchvision_blur("dinov2_released", recipe, (0.0, 0.9, 0.5), blur_sigma)


def _with_torchvision_blur(
    name: str, recipe: Recipe, probabilities: tuple[float, float, float], sigma: Range
) -> Recipe:
    """probabilities: of the first global view, the second, and each local one."""
    blurs = [Blur(probability, sigma, "gaussian", 9) for probability in probabilities]
    views = (replace(view, blur=blurs[min(i, 2)]) for i, view in enumerate(recipe.views))
    return Recipe(name, tuple(views))


def swav(
    *,
    global_size: int = 224,
    local_size: int = 96,
    num_local_crops: int = 6,
    global_scale: Range = (0.14, 1.0),
    local_scale: Range = (0.05, 0.14),
    blur_sigma: Range = (0.1, 2.0),
    blur_kind: BlurKind = "pillow",
) -> Recipe:
    """SwAV (Caron et al. 2020), as released, with its std (0.228 first, not 0.229).

    The released code has two blurs: Pillow's, and OpenCV's with a kernel of 23 pixels and a
    reflecting border, which is ``blur_kind="gaussian"`` here.
    """
    num_local_crops = require_integer("num_local_crops", num_local_crops, 0, MAX_VIEWS - 2)
    kernel_size = 9 if blur_kind == "pillow" else 23
    large = ViewSpec(
        size=global_size,
        scale=global_scale,
        jitter=Jitter(0.8, 0.8, 0.8, 0.2, probability=0.8),
        grayscale=0.2,
        blur=Blur(0.5, blur_sigma, blur_kind, kernel_size),
        std=(0.228, 0.224, 0.225),
    )
    small = replace(large, size=local_size, kind="local", scale=local_scale)
    return Recipe("swav", (large, large, *[small] * num_local_crops))
