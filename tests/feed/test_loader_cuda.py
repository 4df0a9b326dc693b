"""The loader with device="cuda": the same batches as on the CPU, on the GPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.pictures import image_folder

import fastpass as fp

pytestmark = pytest.mark.needs_cuda


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "uint8"])
def test_batches_equal_the_cpu_loaders(tmp_path: Path, dtype: str, memory_format: str) -> None:
    root = image_folder(tmp_path / "root")
    recipe = fp.recipes.dino(global_size=32, local_size=16, num_local_crops=2)
    options = {"batch_size": 4, "threads": 2, "dtype": dtype, "memory_format": memory_format}
    in_memory = {
        "contiguous": torch.contiguous_format,
        "channels_last": torch.channels_last,
    }[memory_format]
    with (
        fp.Loader(root, recipe, **options) as on_cpu,  # type: ignore[arg-type]
        fp.Loader(root, recipe, device="cuda", **options) as on_gpu,  # type: ignore[arg-type]
    ):
        for expected, got in zip(on_cpu, on_gpu, strict=True):
            assert torch.equal(got.sample_ids.cpu(), expected.sample_ids)
            for mine, theirs in zip(got.views, expected.views, strict=True):
                assert mine.is_cuda
                assert mine.is_contiguous(memory_format=in_memory)
                assert torch.equal(mine.cpu(), theirs)
