"""What a recipe asks of one view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastpass.augment.operation import ViewOp, from_dict
from fastpass.common.checks import (
    require_choice,
    require_number,
    require_range,
    settle_integers,
    settle_numbers,
)
from fastpass.errors import BadArgument

Interpolation = Literal["bilinear", "bicubic"]
BlurKind = Literal["pillow", "gaussian"]
BlurBorder = Literal["reflect", "zero"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

MAX_VIEW_SIZE = 8192  # pixels per side, as in csrc/augment/check.h
MAX_BLUR_SIGMA = 256.0
MAX_OPS = 64  # per view
MIN_BLUR_KERNEL, MAX_BLUR_KERNEL = 3, 63  # pixels, as in csrc/augment/gaussian_blur.h
# Far beyond use; excludes zero, and what overflows when sizes are multiplied by it.
_MIN_RATIO, _MAX_RATIO = 1e-6, 1e6


@dataclass(frozen=True, slots=True)
class Jitter:
    """torchvision's ColorJitter, applied with a probability, its four steps in drawn order.

    brightness, contrast, saturation: the factor is uniform on [max(0, 1 - x), 1 + x].
    hue: the shift is uniform on [-x, x] of a full turn. A strength of 0 leaves its step out.
    """

    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.1
    probability: float = 0.8

    def __post_init__(self) -> None:
        strengths = dict.fromkeys(("brightness", "contrast", "saturation"), (0.0, 1e6))
        limits = {**strengths, "hue": (0.0, 0.5), "probability": (0.0, 1.0)}
        settle_numbers(self, limits, prefix="jitter.")


@dataclass(frozen=True, slots=True)
class Blur:
    """A Gaussian blur, applied with a probability; sigma is uniform, in view pixels.

    kind: "pillow": its GaussianBlur, three box blurs per axis, the edge pixel repeated.
        "gaussian": torchvision's GaussianBlur, a Gaussian sampled at ``kernel_size`` pixels per
        axis and rounded once.
    kernel_size: odd, 3 to 63 pixels; for "gaussian" only.
    border: what lies beyond the edge, for "gaussian" only. "reflect": the view mirrored, the edge
        pixel not repeated (torchvision); "zero": black, which darkens the edges (the "SAME"
        padding of TensorFlow and JAX).
    """

    probability: float = 0.5
    sigma: tuple[float, float] = (0.1, 2.0)
    kind: BlurKind = "pillow"
    kernel_size: int = 9
    border: BlurBorder = "reflect"

    def __post_init__(self) -> None:
        settle_numbers(self, {"probability": (0.0, 1.0)}, prefix="blur.")
        _settle_range(self, "sigma", 0.0, MAX_BLUR_SIGMA, prefix="blur.")
        require_choice("blur.kind", self.kind, ("pillow", "gaussian"))
        limits = {"kernel_size": (MIN_BLUR_KERNEL, MAX_BLUR_KERNEL)}
        settle_integers(self, limits, prefix="blur.")
        if self.kernel_size % 2 == 0:
            raise BadArgument(f"blur.kernel_size = {self.kernel_size}, wanted an odd number")
        require_choice("blur.border", self.border, ("reflect", "zero"))
        if self.kind == "pillow" and (self.kernel_size, self.border) != (9, "reflect"):
            raise BadArgument(
                f"blur.kernel_size = {self.kernel_size} and blur.border = {self.border!r} came "
                "with blur.kind = 'pillow', which has neither: wanted kind = 'gaussian'"
            )


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """One view of a recipe; the steps run in the order of the fields.

    size: height and width of the view, pixels.
    kind: "global" or "local", for those who train on them; rendering does not look at it.
    crop: "random": torchvision's RandomResizedCrop with ``scale`` (of the source's area) and
        ``ratio`` (width / height). "center": the short side to ``resize`` pixels, then the centre;
        ``scale`` and ``ratio`` are not looked at.
    flip, grayscale, solarize: probabilities. Solarizing inverts values of at least
        ``solarize_threshold``.
    mean, std: per channel, of values in [0, 1].
    ops: your own operations (:func:`fastpass.view_op`), or their names "module:function"; those on
        uint8 pixels run before normalizing, those on normalized values after it.

    Raises BadArgument that names the field.
    """

    size: int
    kind: Literal["global", "local"] = "global"
    crop: Literal["random", "center"] = "random"
    resize: int = 256
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: Interpolation = "bilinear"
    flip: float = 0.5
    jitter: Jitter | None = None
    grayscale: float = 0.0
    blur: Blur | None = None
    solarize: float = 0.0
    solarize_threshold: int = 128
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    ops: tuple[ViewOp, ...] = ()

    def __post_init__(self) -> None:
        sizes = dict.fromkeys(("size", "resize"), (1, MAX_VIEW_SIZE))
        settle_integers(self, {**sizes, "solarize_threshold": (0, 256)})
        require_choice("kind", self.kind, ("global", "local"))
        require_choice("crop", self.crop, ("random", "center"))
        if self.crop == "center" and self.size > self.resize:
            raise BadArgument(
                f"size = {self.size} is above resize = {self.resize}: a center crop is cut out of "
                "the resized image"
            )
        _settle_range(self, "scale", 1e-9, 1.0)
        _settle_range(self, "ratio", _MIN_RATIO, _MAX_RATIO)
        require_choice("interpolation", self.interpolation, ("bilinear", "bicubic"))
        settle_numbers(self, dict.fromkeys(("flip", "grayscale", "solarize"), (0.0, 1.0)))
        if not isinstance(self.jitter, Jitter | None):
            raise BadArgument(f"jitter = {self.jitter!r}, wanted a Jitter or None")
        self._check_blur()
        self._check_channels("mean", 0.0)
        self._check_channels("std", 1e-6)
        self._settle_ops()

    def _settle_ops(self) -> None:
        if not isinstance(self.ops, tuple | list) or len(self.ops) > MAX_OPS:
            raise BadArgument(f"ops = {self.ops!r}, wanted a tuple of at most {MAX_OPS} operations")
        ops = tuple(from_dict(op) if isinstance(op, str) else op for op in self.ops)
        for op in ops:
            if not isinstance(op, ViewOp):
                raise BadArgument(f"ops: {op!r}, wanted what @fastpass.view_op makes, or its name")
        names = [output.name for op in ops for output in op.outputs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise BadArgument(f"ops: two operations of one view have the output {twice[0]!r}")
        object.__setattr__(self, "ops", ops)

    def _check_blur(self) -> None:
        if not isinstance(self.blur, Blur | None):
            raise BadArgument(f"blur = {self.blur!r}, wanted a Blur or None")
        if self.blur is None or self.blur.kind == "pillow" or self.blur.border == "zero":
            return
        if self.size <= self.blur.kernel_size // 2:
            raise BadArgument(
                f"size = {self.size} is too small to reflect half of blur.kernel_size = "
                f"{self.blur.kernel_size}: wanted more than {self.blur.kernel_size // 2}"
            )

    def _check_channels(self, name: str, low: float) -> None:
        values = getattr(self, name)
        if not isinstance(values, tuple) or len(values) != 3:
            raise BadArgument(f"{name} = {values!r}, wanted a tuple of three numbers")
        try:
            channels = [
                require_number(f"{name}[{i}]", value, low, 1.0) for i, value in enumerate(values)
            ]
        except BadArgument as error:
            raise BadArgument(
                f"{error}: {name} is in units in which a pixel is 0 to 1, so divide numbers for "
                "pixels of 0 to 255 by 255"
            ) from error
        object.__setattr__(self, name, tuple(channels))


def _settle_range(record: object, name: str, low: float, high: float, *, prefix: str = "") -> None:
    pair = require_range(prefix + name, getattr(record, name), low, high)
    object.__setattr__(record, name, pair)
