"""What was drawn for one view."""

from __future__ import annotations

from dataclasses import dataclass

JITTER_OPS = ("brightness", "contrast", "saturation", "hue")


@dataclass(frozen=True, slots=True)
class ViewParams:
    """Everything ``render`` needs besides the pixels and the ViewSpec.

    The box (top, left, height, width), in source pixels, is resized to resized_height x
    resized_width; the view is the size x size window of that at (window_top, window_left).
    brightness, contrast, saturation are factors (1: leave as it is), hue is in turns in
    [-0.5, 0.5] (0: leave as it is), blur_sigma is in pixels of the view (0: no blur). The color
    values and blur_sigma are rounded to float32, as torchvision's and Pillow's are.
    """

    top: int
    left: int
    height: int
    width: int
    resized_height: int
    resized_width: int
    window_top: int = 0
    window_left: int = 0
    is_flipped: bool = False
    has_jitter: bool = False
    jitter_order: tuple[str, str, str, str] = ("brightness", "contrast", "saturation", "hue")
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0
    is_grayscale: bool = False
    blur_sigma: float = 0.0
    is_solarized: bool = False
