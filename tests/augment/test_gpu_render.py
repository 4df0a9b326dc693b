"""fp.render on a GPU: the bytes of the CPU, of every kind of file."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from support.pictures import jpeg

import fastpass as fp

RECIPE = fp.recipes.dino(global_size=33, local_size=16, num_local_crops=3)


def _encoded(format_name: str, **options: object) -> bytes:
    picture = Image.open(io.BytesIO(jpeg(5, height=420, width=390)))
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


FILES = {
    "baseline": _encoded("JPEG"),
    "progressive": _encoded("JPEG", progressive=True),
    "png": _encoded("PNG"),
    "webp": _encoded("WEBP"),
}


@pytest.mark.parametrize("mode", ["fast", "exact"])
@pytest.mark.parametrize("name", FILES)
def test_the_views_of_the_cpu(gpu: torch.device, name: str, mode: str) -> None:
    key = {"seed": 3, "epoch": 1, "sample_id": -4}
    wanted = fp.render(FILES[name], RECIPE, mode=mode, **key)  # type: ignore[arg-type]
    views = fp.render(FILES[name], RECIPE, mode=mode, device="cuda", **key)  # type: ignore[arg-type]
    for mine, theirs in zip(views, wanted, strict=True):
        assert mine.device == gpu
        assert np.array_equal(mine.cpu().numpy(), theirs)


def test_pixels_and_views_drawn_before(gpu: torch.device) -> None:
    pixels = fp.decode_jpeg(FILES["baseline"])
    params = fp.draw(RECIPE, *pixels.shape[:2], seed=8)
    wanted = fp.render(pixels, RECIPE, seed=8, normalize=False)
    for data in (pixels, FILES["baseline"]):
        views = fp.render(
            data, RECIPE, seed=0, params=params, normalize=False, mode="exact", device="cuda"
        )
        for mine, theirs in zip(views, wanted, strict=True):
            assert np.array_equal(mine.cpu().numpy(), theirs)
    assert all(view.device == gpu for view in views)


def test_damage_has_the_cpus_words_or_is_filled(gpu: torch.device) -> None:
    torn = FILES["baseline"][:6000]
    for device in ("cpu", "cuda"):
        with pytest.raises(fp.CorruptImage, match="byte 6000"):
            fp.render(torn, RECIPE, seed=0, device=device)
    exact = {"seed": 0, "mode": "exact"}
    wanted = fp.render(torn, RECIPE, on_damage="fill", **exact)
    filled = fp.decode_jpeg(torn, on_damage="fill")
    views = fp.render(torn, RECIPE, on_damage="fill", device="cuda", **exact)
    of_pixels = fp.render(filled, RECIPE, **exact)
    for mine, theirs, third in zip(views, wanted, of_pixels, strict=True):
        assert np.array_equal(mine.cpu().numpy(), theirs)
        assert np.array_equal(theirs, third)
    assert gpu is not None


def test_device_and_backend(gpu: torch.device) -> None:
    assert fp.render(FILES["png"], RECIPE, seed=0, backend="cuda")[0].device == gpu
    assert isinstance(fp.render(FILES["png"], RECIPE, seed=0, backend="cpu")[0], np.ndarray)
    with pytest.raises(fp.BadArgument, match="device = 'cuda', but backend = 'cpu'"):
        fp.render(FILES["png"], RECIPE, seed=0, device="cuda", backend="cpu")
