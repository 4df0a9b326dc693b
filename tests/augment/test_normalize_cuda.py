"""Normalization on the GPU against the CPU renderer's formula, bit for bit."""

from __future__ import annotations

import pytest
import torch

from fastpass.augment.normalize import normalize_on_device

pytestmark = pytest.mark.needs_cuda

MEAN, STD = (0.485, 0.456, 0.406), (0.228, 0.224, 0.225)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (5, 3, 16, 16), (64, 3, 96, 96)])
def test_equals_the_formula(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    expected = ((pixels.float() / 255 - mean) / std).to(dtype)
    got = normalize_on_device(pixels.cuda(), MEAN, STD, dtype)
    assert torch.equal(got.cpu(), expected)


def test_runs_on_the_current_stream() -> None:
    pixels = torch.full((8, 3, 224, 224), 7, dtype=torch.uint8, device="cuda")
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        got = normalize_on_device(pixels, MEAN, STD, torch.float32)
        doubled = got * 2
    torch.cuda.current_stream().wait_stream(stream)
    assert torch.equal(doubled, got * 2)
