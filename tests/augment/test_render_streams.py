"""render_tensors and streams: it runs where the caller does, and waits for nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fastpass as fp
from fastpass.testing import gpu_twin

pytestmark = pytest.mark.needs_cuda

RECIPE = fp.recipes.dino(global_size=33, local_size=16, num_local_crops=3)
CYCLES = 2 * 10**9  # about a second of sleep on the stream


def _images() -> list[torch.Tensor]:
    random = np.random.default_rng(4)
    return [
        torch.from_numpy(random.integers(0, 256, shape, dtype=np.uint8))
        for shape in [(50, 70, 3), (200, 31, 3)]
    ]


def _render(images: list[torch.Tensor], seed: int) -> list[torch.Tensor]:
    return fp.render_tensors(images, RECIPE, seed=seed, sample_ids=[3, 4])


def _expected(images: list[torch.Tensor], seed: int) -> list[torch.Tensor]:
    with gpu_twin():
        return _render(images, seed)


def test_behind_what_the_stream_has_queued_without_a_wait() -> None:
    images = _images()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        on_gpu = [torch.zeros_like(image, device="cuda") for image in images]
        pinned = [image.pin_memory() for image in images]
        # Memory grows, and kernels are loaded, in the first calls.
        kept = [_render(on_gpu, seed) for seed in range(4)]
        stream.synchronize()
        del kept
        torch.cuda._sleep(CYCLES)
        for to, image in zip(on_gpu, pinned, strict=True):
            to.copy_(image, non_blocking=True)
        views = _render(on_gpu, 1)
        assert not stream.query()  # still asleep
        doubled = [2 * view for view in views]
    stream.synchronize()
    for got, wanted in zip(doubled, _expected(images, 1), strict=True):
        assert torch.equal(got.cpu(), 2 * wanted)


def test_on_two_streams_at_once() -> None:
    images = _images()
    on_gpu = [image.cuda() for image in images]
    torch.cuda.synchronize()
    streams = [torch.cuda.Stream() for _ in range(2)]
    got = []
    for seed in range(8):
        with torch.cuda.stream(streams[seed % 2]):
            got.append(_render(on_gpu, seed % 4))
    torch.cuda.synchronize()
    for seed, views in enumerate(got):
        for view, wanted in zip(views, _expected(images, seed % 4), strict=True):
            assert torch.equal(view.cpu(), wanted)
