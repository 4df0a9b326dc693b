"""What a seed means, written down a second time: Philox4x32-10 and the draw numbers."""

from __future__ import annotations

import math

import numpy as np

from fastpass.augment import ViewParams, ViewSpec
from fastpass.augment.params import JITTER_OPS

_MASK = 0xFFFFFFFF


def philox4x32_10(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    """Salmon et al. 2011."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & _MASK, (p0 >> 32) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + 0x9E3779B9) & _MASK, (k1 + 0xBB67AE85) & _MASK
    return c0, c1, c2, c3


class ReferenceDraws:
    """The numbered draws of one view."""

    def __init__(self, seed: int, epoch: int, sample_id: int, view_id: int) -> None:
        self.seed, self.epoch, self.view_id = seed, epoch, view_id
        self.sample_id = sample_id % 2**64

    def bits(self, draw: int) -> int:
        counter = (
            self.sample_id & _MASK,
            self.sample_id >> 32,
            self.epoch,
            self.view_id << 16 | draw >> 2,
        )
        return philox4x32_10(counter, (self.seed & _MASK, self.seed >> 32))[draw & 3]

    def uniform(self, draw: int, low: float, high: float) -> float:
        return low + (high - low) * (self.bits(draw) / 2**32)

    def below(self, draw: int, count: int) -> int:
        return self.bits(draw) * count >> 32


def _crop(draws: ReferenceDraws, spec: ViewSpec, width: int, height: int) -> tuple[int, ...]:
    for first in range(0, 40, 4):
        area = width * height * draws.uniform(first, *spec.scale)
        log_ratio = draws.uniform(first + 1, math.log(spec.ratio[0]), math.log(spec.ratio[1]))
        w = round(math.sqrt(area * math.exp(log_ratio)))
        h = round(math.sqrt(area / math.exp(log_ratio)))
        if 0 < w <= width and 0 < h <= height:
            return (
                draws.below(first + 2, height - h + 1),
                draws.below(first + 3, width - w + 1),
                h,
                w,
            )
    w, h = width, height
    if width / height < spec.ratio[0]:
        h = round(width / spec.ratio[0])
    elif width / height > spec.ratio[1]:
        w = round(height * spec.ratio[1])
    return (height - h) // 2, (width - w) // 2, h, w


def reference_draw(spec: ViewSpec, width: int, height: int, draws: ReferenceDraws) -> ViewParams:
    """A random view's parameters from the definition of the draws."""
    top, left, h, w = _crop(draws, spec, width, height)
    values: dict[str, object] = {}
    if spec.jitter is not None and draws.uniform(41, 0, 1) < spec.jitter.probability:
        code = draws.below(42, 24)
        remaining = list(JITTER_OPS)
        order = []
        for count in (4, 3, 2, 1):
            order.append(remaining.pop(code % count))
            code //= count
        values = {"has_jitter": True, "jitter_order": tuple(order)}
        for draw, step in zip((43, 44, 45), JITTER_OPS[:3], strict=True):
            strength = getattr(spec.jitter, step)
            factor = draws.uniform(draw, max(0.0, 1.0 - strength), 1.0 + strength)
            values[step] = float(np.float32(factor))
        values["hue"] = float(np.float32(draws.uniform(46, -spec.jitter.hue, spec.jitter.hue)))
    if spec.blur is not None and draws.uniform(48, 0, 1) < spec.blur.probability:
        values["blur_sigma"] = float(np.float32(draws.uniform(49, *spec.blur.sigma)))
    return ViewParams(
        top=top,
        left=left,
        height=h,
        width=w,
        resized_height=spec.size,
        resized_width=spec.size,
        is_flipped=draws.uniform(40, 0, 1) < spec.flip,
        is_grayscale=draws.uniform(47, 0, 1) < spec.grayscale,
        is_solarized=draws.uniform(50, 0, 1) < spec.solarize,
        **values,  # type: ignore[arg-type]
    )
