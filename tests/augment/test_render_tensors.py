"""Views of decoded tensors: those of fastpass.render, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fastpass as fp
from fastpass.testing import gpu_twin

RECIPE = fp.recipes.dino(global_size=33, local_size=16, num_local_crops=3)


def _images(gpu: torch.device) -> list[torch.Tensor]:
    random = np.random.default_rng(4)
    shapes = [(50, 70, 3), (1, 1, 3), (200, 31, 3), (64, 300, 3)]
    return [
        torch.from_numpy(random.integers(0, 256, shape, dtype=np.uint8)).to(gpu) for shape in shapes
    ]


@pytest.mark.parametrize("epoch", [0, 7])
def test_views_are_those_of_render(gpu: torch.device, epoch: int) -> None:
    images = _images(gpu)
    sample_ids = [5, -3, 2**40, 0]
    views = fp.render_tensors(images, RECIPE, seed=9, epoch=epoch, sample_ids=sample_ids)
    for row, (image, sample_id) in enumerate(zip(images, sample_ids, strict=True)):
        expected = fp.render(
            image.cpu().numpy(), RECIPE, seed=9, epoch=epoch, sample_id=sample_id, mode="exact"
        )
        for view, wanted in zip(views, expected, strict=True):
            assert np.array_equal(view[row].cpu().numpy(), wanted)


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "uint8"])
def test_types_and_layouts(gpu: torch.device, dtype: str, memory_format: str) -> None:
    images = _images(gpu)
    options = {"seed": 1, "sample_ids": [0, 1, 2, 3]}
    plain = fp.render_tensors(images, RECIPE, normalize=dtype != "uint8", **options)
    views = fp.render_tensors(images, RECIPE, dtype=dtype, memory_format=memory_format, **options)
    in_memory = {
        "contiguous": torch.contiguous_format,
        "channels_last": torch.channels_last,
    }[memory_format]
    for view, wide in zip(views, plain, strict=True):
        assert view.is_contiguous(memory_format=in_memory)
        expected = (wide * 255).round() if dtype == "uint8" else wide
        assert torch.equal(view, expected.to(getattr(torch, dtype)))


def test_drawn_before(gpu: torch.device) -> None:
    images = _images(gpu)
    params = [fp.draw(RECIPE, *i.shape[:2], seed=2, sample_id=8) for i in images]
    one = fp.render_tensors(images, RECIPE, seed=0, sample_ids=(), params=params)
    two = fp.render_tensors(images, RECIPE, seed=2, sample_ids=[8] * 4)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_many_calls_in_a_row(gpu: torch.device) -> None:
    images = _images(gpu)
    calls = [fp.render_tensors(images, RECIPE, seed=s % 3, sample_ids=range(4)) for s in range(9)]
    for s in range(3, 9):
        assert all(torch.equal(a, b) for a, b in zip(calls[s], calls[s % 3], strict=True))
    assert not torch.equal(calls[0][0], calls[1][0])


def test_no_images(gpu: torch.device) -> None:
    views = fp.render_tensors([], RECIPE, seed=0, sample_ids=[])
    assert [tuple(view.shape) for view in views][:2] == [(0, 3, 33, 33)] * 2


def test_refusals(gpu: torch.device) -> None:
    images = _images(gpu)
    wanted = {
        "float32": [images[0], images[1].float()],
        r"\[3, 50, 70\]": [images[0].permute(2, 0, 1)],
        "strides": [images[0][:, ::2]],
        "images is a Tensor": images[0],
    }
    for message, bad in wanted.items():
        with pytest.raises(fp.BadArgument, match=message):
            fp.render_tensors(bad, RECIPE, seed=0, sample_ids=[0, 1])  # type: ignore[arg-type]
    with pytest.raises(fp.BadArgument, match="2 sample_ids came for 4 images"):
        fp.render_tensors(images, RECIPE, seed=0, sample_ids=[0, 1])
    with pytest.raises(fp.BadArgument, match="params"):
        fp.render_tensors(images, RECIPE, seed=0, sample_ids=(), params=[[]] * 4)


def test_the_device_is_that_of_the_images(gpu: torch.device) -> None:
    images = _images(gpu)
    expected = fp.render_tensors(images, RECIPE, seed=0, sample_ids=range(4))
    views = fp.render_tensors(images, RECIPE, seed=0, sample_ids=range(4), device="cuda")
    assert all(torch.equal(a, b) for a, b in zip(views, expected, strict=True))
    assert all(view.device == gpu for view in fp.render_tensors([], RECIPE, seed=0, sample_ids=[]))


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
def test_on_the_cpu_the_same(memory_format: str) -> None:
    images = _images(torch.device("cpu"))
    options = {"seed": 9, "sample_ids": range(4), "dtype": "bfloat16"}
    views = fp.render_tensors(images, RECIPE, memory_format=memory_format, **options)
    with gpu_twin():
        wanted = fp.render_tensors(images, RECIPE, memory_format=memory_format, **options)
    for mine, theirs in zip(views, wanted, strict=True):
        assert mine.device.type == "cpu"
        assert mine.stride() == theirs.stride()
        assert torch.equal(mine, theirs)
    expected = fp.render(images[2].numpy(), RECIPE, seed=9, sample_id=2)
    for view, of_one in zip(views, expected, strict=True):
        assert torch.equal(view[2], torch.from_numpy(of_one).bfloat16())
