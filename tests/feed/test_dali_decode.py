"""``fn.fastpass.decode`` in DALI: the pixels of ``decode_jpeg`` and ``decode_image``."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.dali_pipelines import bytes_node, dali, enabled, outputs, pipeline
from support.pictures import jpeg

import fastpass as fp

fn, types = dali.fn, dali.types
FILES = [jpeg(seed, 90 + seed, 120 - seed) for seed in range(5)]
CROPS = [(top, 3, 20 + top, 30) for top in range(5)]


@pytest.fixture(scope="module", autouse=True)
def _ours() -> None:
    enabled()


def _decoded(files: list[bytes], **arguments: Any) -> list[np.ndarray[Any, Any]]:
    made = pipeline(
        lambda: fn.fastpass.decode(bytes_node(files), **arguments), batch_size=len(files)
    )
    (pixels,) = outputs(made)
    return pixels


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_pixels_of_whole_images(scale: Any) -> None:
    wanted = fp.decode_jpeg(FILES, scale_denominator=scale)
    got = _decoded(FILES, scale_denominator=scale)
    assert all(map(np.array_equal, got, wanted))


def test_one_crop_for_all() -> None:
    wanted = fp.decode_jpeg(FILES, crop=fp.CropBox(5, 6, 7, 8))
    assert all(map(np.array_equal, _decoded(FILES, crop=[5, 6, 7, 8]), wanted))


def test_a_crop_and_a_scale_for_each() -> None:
    scales = [1, 2, 1, 2, 4]

    def define() -> Any:
        boxes = [np.array([1, 2, 10, 12 + i], np.int32) for i in range(5)]
        crop = fn.external_source(lambda: boxes, dtype=types.INT32, ndim=1)
        scale = fn.external_source(lambda: [np.int64(s) for s in scales], dtype=types.INT64, ndim=0)
        return fn.fastpass.decode(bytes_node(FILES), crop=crop, scale_denominator=scale)

    (got,) = outputs(pipeline(define, batch_size=5))
    for i, (file, scale) in enumerate(zip(FILES, scales, strict=True)):
        box = fp.CropBox(1, 2, 10, 12 + i)
        assert np.array_equal(got[i], fp.decode_jpeg(file, crop=box, scale_denominator=scale))  # type: ignore[arg-type]


def test_seek_indexes_and_formats() -> None:
    png = io.BytesIO()
    Image.open(io.BytesIO(FILES[0])).save(png, "PNG")
    large = jpeg(9, 400, 500)
    files = [png.getvalue(), large]
    indexes = [b"", fp.build_seek_index(large)]
    made = pipeline(
        lambda: fn.fastpass.decode(bytes_node(files), bytes_node(indexes)), batch_size=2
    )
    (got,) = outputs(made)
    assert all(
        np.array_equal(pixels, fp.decode_image(file))
        for pixels, file in zip(got, files, strict=True)
    )


def test_before_dalis_own_operators() -> None:
    def define() -> Any:
        pixels = fn.fastpass.decode(bytes_node(FILES))
        return fn.resize(pixels, size=(32, 32)), fn.crop_mirror_normalize(pixels, crop=(16, 16))

    resized, cropped = outputs(pipeline(define, batch_size=5))
    assert {image.shape for image in resized} == {(32, 32, 3)}
    assert {image.shape for image in cropped} == {(3, 16, 16)}


@pytest.mark.parametrize("length", [10, 200, 2000])
def test_a_damaged_image_is_named_and_the_next_pipeline_works(length: int) -> None:
    with pytest.raises(
        RuntimeError, match=r"fastpass\.CorruptImage: sample 1 of the batch: .*byte"
    ):
        _decoded([FILES[0], FILES[1][:length]])
    assert np.array_equal(_decoded(FILES[:1])[0], fp.decode_jpeg(FILES[0]))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"crop": [0, 0, 500, 5]}, "sample 0 of the batch"),
        ({"crop": [0, 0, 0, 5]}, "height 0"),
        ({"crop": [1, 2, 3]}, "four integers"),
        ({"scale_denominator": 3}, "scale_denominator = 3"),
        ({"orientation": "turn"}, "orientation turn"),
        ({"max_pixels": 10}, "ImageTooLarge: sample 0"),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises((RuntimeError, ValueError), match=named):
        _decoded(FILES, **arguments)
