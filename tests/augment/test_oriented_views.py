"""orientation="apply": views of an oriented file are those of the file that Pillow has turned."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from support.pictures import jpeg
from support.tars import write_tar

import fastpass as fp
from fastpass.pack import build_index

ORIENTATIONS = range(1, 9)
RECIPE = fp.recipes.dino(global_size=33, local_size=16, num_local_crops=3)
KEY = {"seed": 3, "epoch": 1, "sample_id": -4}


def _oriented(orientation: int, height: int, width: int, format_name: str = "JPEG") -> bytes:
    image = Image.open(io.BytesIO(jpeg(6, height=height, width=width)))
    return _encoded(image, orientation, format_name)


def _smooth(height: int, width: int) -> Image.Image:
    """Steep, but without detail: it changes by about 2 levels from pixel to pixel."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = np.stack([rows / 40, columns / 45, (rows + columns) / 60], axis=-1)
    return Image.fromarray(np.rint(127 + 100 * np.sin(waves)).astype(np.uint8))


def _encoded(image: Image.Image, orientation: int, format_name: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    options = {"quality": 95} if format_name == "JPEG" else {}
    image.save(buffer, format_name, exif=exif, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _upright(data: bytes) -> np.ndarray:
    turned = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert turned is not None
    return np.asarray(turned.convert("RGB"))


def _assert_equal(views: list[object], wanted: list[np.ndarray]) -> None:
    for view, expected in zip(views, wanted, strict=True):
        found = view.cpu().numpy() if isinstance(view, torch.Tensor) else view
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exact_views(gpu: torch.device, orientation: int, format_name: str) -> None:
    data = _oriented(orientation, 201, 330, format_name)
    pixels = _upright(data)
    options = {"mode": "exact", "orientation": "apply"}
    if format_name == "WEBP":  # lossy: what is stored is what Pillow decodes
        pixels = fp.decode_image(data, orientation="apply")
    wanted = fp.render(pixels, RECIPE, **KEY)  # type: ignore[arg-type]
    params = fp.draw(RECIPE, *pixels.shape[:2], **KEY)
    for device in ("cpu", "cuda"):
        _assert_equal(fp.render(data, RECIPE, device=device, **KEY, **options), wanted)  # type: ignore[arg-type]
        drawn = fp.render(data, RECIPE, seed=0, params=params, device=device, **options)  # type: ignore[arg-type]
        _assert_equal(drawn, wanted)
    assert gpu is not None


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize(("height", "width"), [(512, 768), (509, 763)])
def test_fast_views_lie_where_exact_ones_do(orientation: int, height: int, width: int) -> None:
    """Scaled in the file and turned, or turned and resized: the same place in the picture."""
    data = _encoded(_smooth(height, width), orientation)
    recipe = fp.recipes.evaluation(size=64, resize=64)
    exact, fast = (
        fp.render(data, recipe, orientation="apply", normalize=False, mode=mode, seed=0)[0] * 255  # type: ignore[arg-type]
        for mode in ("exact", "fast")
    )
    assert np.abs(fast - exact).mean() < 0.6


def test_pixels_as_they_are_stored_by_default() -> None:
    data = _oriented(6, 60, 90)
    stored = np.asarray(Image.open(io.BytesIO(data)))
    _assert_equal(fp.render(data, RECIPE, **KEY), fp.render(stored, RECIPE, **KEY))  # type: ignore[arg-type]


@pytest.mark.parametrize("has_index", [True, False])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_loader(tmp_path: Path, gpu: torch.device, device: str, has_index: bool) -> None:
    files = {f"{o}.jpg": _oriented(o, 640, 480) for o in ORIENTATIONS}
    files["9.png"] = _oriented(8, 50, 70, "PNG")
    tar = write_tar(tmp_path / "a.tar", files)
    if has_index:
        build_index(tar)
    pack = fp.Pack(str(tar))
    wanted = {
        sample.sample_id: fp.render(
            _upright(bytes(sample.data)), RECIPE, seed=3, sample_id=sample.sample_id
        )
        for sample in pack
    }
    with fp.Loader(
        pack,
        RECIPE,
        batch_size=len(files),
        device=device,
        mode="exact",
        orientation="apply",
        seed=3,
    ) as loader:
        (batch,) = list(loader)
    assert batch.views[0].device == (gpu if device == "cuda" else torch.device("cpu"))
    for place, sample_id in enumerate(batch.sample_ids.tolist()):
        _assert_equal([view[place] for view in batch.views], wanted[sample_id])


def test_another_word_is_refused(tmp_path: Path) -> None:
    with pytest.raises(fp.BadArgument, match="orientation = 'turn'"):
        fp.render(_oriented(6, 60, 90), RECIPE, seed=0, orientation="turn")  # type: ignore[arg-type]
