"""Two views per image: the contrastive and the predictive methods."""

from __future__ import annotations

from dataclasses import replace

from fastpass.augment.recipe import Recipe
from fastpass.augment.spec import MAX_BLUR_KERNEL, MIN_BLUR_KERNEL, Blur, Jitter, ViewSpec
from fastpass.common.checks import require_number


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


def moco_v3(*, size: int = 224, min_scale: float = 0.08) -> Recipe:
    """MoCo v3 (Chen et al. 2021), as released: BYOL's two views, made with Pillow.

    min_scale: the least area of a crop, of the source's (``--crop-min``): 0.08 for ViTs; ResNet-50
        was trained with 0.2. The crop is bilinear, BYOL's bicubic.
    """
    first = ViewSpec(
        size=size,
        scale=(min_scale, 1.0),
        jitter=Jitter(0.4, 0.4, 0.2, 0.1, probability=0.8),
        grayscale=0.2,
        blur=Blur(1.0),
    )
    return Recipe("moco_v3", (first, replace(first, blur=Blur(0.1), solarize=0.2)))


def simclr(*, size: int = 224, strength: float = 1.0) -> Recipe:
    """SimCLR (Chen et al. 2020): two views from the same distribution.

    strength: of the colour jitter, 0 to 2.5; 1.0 is the paper's for ImageNet, 0.5 for CIFAR-10.

    The blur is the TensorFlow original's: its kernel is a tenth of the view, padded with zeros. The
    original trains on values in [0, 1]; here they are normalised with ImageNet's mean and std, as
    PyTorch versions do and as encoders from elsewhere expect. Where the original draws the aspect
    ratio uniformly and blends contrast per channel, this does what torchvision does.
    """
    strength = require_number("strength", strength, 0.0, 2.5)
    color = 0.8 * strength
    view = ViewSpec(
        size=size,
        scale=(0.08, 1.0),
        interpolation="bicubic",
        jitter=Jitter(color, color, color, 0.2 * strength, probability=0.8),
        grayscale=0.2,
        blur=_tenth_of_view(size, 0.5),
    )
    return Recipe("simclr", (view, view))


def byol(*, size: int = 224) -> Recipe:
    """BYOL (Grill et al. 2020): two views that differ; the second is rarely blurred.

    The blur is the JAX original's: its kernel is a tenth of the view, padded with zeros. The
    original adds to the brightness and blends contrast per channel; here brightness is a factor
    and contrast blends with the mean luma, as in torchvision and its PyTorch versions.
    """
    first = ViewSpec(
        size=size,
        scale=(0.08, 1.0),
        interpolation="bicubic",
        jitter=Jitter(0.4, 0.4, 0.2, 0.1, probability=0.8),
        grayscale=0.2,
        blur=_tenth_of_view(size, 1.0),
    )
    return Recipe("byol", (first, replace(first, blur=_tenth_of_view(size, 0.1), solarize=0.2)))


def _tenth_of_view(size: int, probability: float) -> Blur:
    """A window of size / 10 pixels, made odd: 23 for 224."""
    kernel_size = min(max(size // 20 * 2 + 1, MIN_BLUR_KERNEL), MAX_BLUR_KERNEL)
    return Blur(probability, (0.1, 2.0), "gaussian", kernel_size, "zero")
