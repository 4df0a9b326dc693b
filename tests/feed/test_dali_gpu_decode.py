"""``fn.fastpass.decode`` on a GPU: its host code on the twin, and itself where there is one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.dali_pipelines import bytes_node, dali, enabled, pipeline
from support.pictures import jpeg

import fastpass as fp
from fastpass.testing import gpu_twin

fn, types = dali.fn, dali.types
FILES = [jpeg(seed, 90 + seed, 120 - seed) for seed in range(5)]


@pytest.fixture(scope="module", autouse=True)
def _ours() -> None:
    enabled()


@pytest.fixture(params=["twin", pytest.param("gpu", marks=pytest.mark.needs_cuda)])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "gpu":
        yield "gpu"
        return
    with gpu_twin():
        yield "twin"


def _decoded(
    place: str, files: list[bytes], *, indexes: list[bytes] | None = None, **arguments: Any
) -> list[np.ndarray[Any, Any]]:
    """Of the second batch of a pipeline."""

    def define() -> Any:
        inputs = [bytes_node(files)] + ([bytes_node(indexes)] if indexes else [])
        if place == "twin":
            return fn.fastpass.twin_decode(*inputs, **arguments)
        return fn.fastpass.decode(*inputs, device="mixed", **arguments)

    device_id = None if place == "twin" else 0
    made = pipeline(define, batch_size=len(files), device_id=device_id)
    made.run()
    output = made.run()[0].as_cpu()
    assert output.layout() == "HWC"
    return [np.array(output.at(sample)) for sample in range(len(files))]


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("crop", [None, (3, 5, 9, 7)])
def test_pixels_are_those_of_decode_jpeg(place: str, crop: Any, scale: Any) -> None:
    box = {} if crop is None else {"crop": list(crop)}
    got = _decoded(place, FILES, scale_denominator=scale, **box)
    wanted = fp.decode_jpeg(
        FILES, scale_denominator=scale, crop=None if crop is None else fp.CropBox(*crop)
    )
    assert all(map(np.array_equal, got, wanted))


def test_seek_indexes_and_other_formats(place: str) -> None:
    png = io.BytesIO()
    Image.open(io.BytesIO(FILES[0])).save(png, "PNG")
    large = jpeg(9, 400, 500)
    files, indexes = [png.getvalue(), large], [b"", fp.build_seek_index(large)]
    got = _decoded(place, files, indexes=indexes)
    assert all(map(np.array_equal, got, map(fp.decode_image, files)))
    got = _decoded(place, files, indexes=indexes, crop=[4, 5, 60, 70])
    wanted = [fp.decode_image(file)[4:64, 5:75] for file in files]
    assert all(map(np.array_equal, got, wanted))


def test_damage_that_is_filled_in(place: str) -> None:
    files = [FILES[0], FILES[1][:1800]]
    got = _decoded(place, files, on_damage="fill")
    assert all(map(np.array_equal, got, fp.decode_jpeg(files, on_damage="fill")))


@pytest.mark.parametrize("length", [10, 200, 1800])
def test_a_damaged_image_is_named_and_the_next_pipeline_works(place: str, length: int) -> None:
    with pytest.raises(
        RuntimeError, match=r"fastpass\.CorruptImage: sample 1 of the batch: .*byte"
    ):
        _decoded(place, [FILES[0], FILES[1][:length]])
    assert np.array_equal(_decoded(place, FILES[:1])[0], fp.decode_jpeg(FILES[0]))


def test_a_seek_index_of_another_image_is_refused(place: str) -> None:
    with pytest.raises(RuntimeError, match=r"fastpass\.BadSeekIndex: sample 0 of the batch"):
        _decoded(place, FILES[:1], indexes=[fp.build_seek_index(FILES[1])])
