"""Color steps and blur, byte for byte as torchvision does them on PIL images."""

from __future__ import annotations

import numpy as np
import pytest
import torchvision.transforms.functional as F  # noqa: N812
from augment_oracle import ADJUST, Pixels, gradient, jittered, noise, our_view
from PIL import Image, ImageFilter, ImageOps

from fastpass.augment import ViewSpec

IMAGES = [noise(64, 64), gradient(64, 64), noise(1, 1), np.full((5, 5, 3), 200, np.uint8)]


def assert_same(
    pixels: Pixels, expected: Image.Image, spec: ViewSpec | None = None, **drawn: object
) -> None:
    spec = spec or ViewSpec(size=pixels.shape[0])
    ours = our_view(pixels, spec, jittered(pixels, **drawn))
    np.testing.assert_array_equal(ours, np.asarray(expected))


@pytest.mark.parametrize(
    "factor", [0.0, 1e-3, 0.2, 0.6, 0.999, 1.0, 1.001, 1.4, 1.8, 2.0, 7.5, 1e6]
)
@pytest.mark.parametrize("step", ["brightness", "contrast", "saturation"])
def test_factors(step: str, factor: float) -> None:
    for pixels in IMAGES:
        expected = ADJUST[step](Image.fromarray(pixels), factor)
        assert_same(pixels, expected, has_jitter=True, **{step: factor})


@pytest.mark.parametrize("hue", [-0.5, -0.2, -0.1, -0.003, 1e-6, 0.05, 0.1, 0.2, 0.49, 0.5])
def test_hue(hue: float) -> None:
    for pixels in IMAGES:
        expected = F.adjust_hue(Image.fromarray(pixels), float(np.float32(hue)))
        assert_same(pixels, expected, has_jitter=True, hue=hue)


@pytest.mark.parametrize("hue", [0.07, -0.3])
def test_hue_of_every_color(hue: float) -> None:
    color = np.arange(1 << 24, dtype=np.uint32)
    channels = [(color >> shift & 255).astype(np.uint8) for shift in (16, 8, 0)]
    for quarter in np.stack(channels, axis=-1).reshape(4, 2048, 2048, 3):
        expected = F.adjust_hue(Image.fromarray(quarter), float(np.float32(hue)))
        assert_same(quarter, expected, has_jitter=True, hue=hue)


def test_steps_run_in_the_drawn_order() -> None:
    pixels = noise(48, 48)
    drawn = {"brightness": 1.5, "contrast": 0.4, "saturation": 1.9, "hue": 0.2}
    results = set()
    for order in (
        ("brightness", "contrast", "saturation", "hue"),
        ("hue", "saturation", "contrast", "brightness"),
        ("contrast", "hue", "brightness", "saturation"),
    ):
        image = Image.fromarray(pixels)
        for step in order:
            adjust = F.adjust_hue if step == "hue" else ADJUST[step]
            image = adjust(image, float(np.float32(drawn[step])))
        results.add(image.tobytes())
        assert_same(pixels, image, has_jitter=True, jitter_order=order, **drawn)
    assert len(results) == 3


def test_jitter_values_are_not_looked_at_without_jitter() -> None:
    pixels = noise(9, 9)
    assert_same(pixels, Image.fromarray(pixels), has_jitter=False, brightness=0.1, hue=0.3)


def test_grayscale() -> None:
    for pixels in IMAGES:
        expected = F.to_grayscale(Image.fromarray(pixels), num_output_channels=3)
        assert_same(pixels, expected, is_grayscale=True)


@pytest.mark.parametrize("threshold", [0, 1, 128, 255, 256])
def test_solarize(threshold: int) -> None:
    for pixels in IMAGES:
        spec = ViewSpec(size=pixels.shape[0], solarize_threshold=threshold)
        expected = ImageOps.solarize(Image.fromarray(pixels), threshold)
        assert_same(pixels, expected, spec, is_solarized=True)


@pytest.mark.parametrize(
    "sigma", [1e-4, 0.1, 0.35, 0.5, 0.99, 1.0, 1.4, 1.73, 1.9, 2.0, 2.5, 5.0, 17.3, 100.0, 256.0]
)
def test_blur(sigma: float) -> None:
    for pixels in (*IMAGES, noise(97, 97)):
        expected = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma))
        assert_same(pixels, expected, blur_sigma=sigma)


def test_flip() -> None:
    pixels = noise(31, 31)
    assert_same(pixels, F.hflip(Image.fromarray(pixels)), is_flipped=True)


def test_the_place_of_the_flip_does_not_matter() -> None:
    # Some recipes flip first, others last; ours is one order for all.
    pixels = noise(33, 33)
    image = F.adjust_contrast(F.hflip(Image.fromarray(pixels)), 0.5)
    first = image.filter(ImageFilter.GaussianBlur(1.3))
    image = F.adjust_contrast(Image.fromarray(pixels), 0.5)
    last = F.hflip(image.filter(ImageFilter.GaussianBlur(1.3)))
    assert first.tobytes() == last.tobytes()
    assert_same(pixels, first, is_flipped=True, has_jitter=True, contrast=0.5, blur_sigma=1.3)
