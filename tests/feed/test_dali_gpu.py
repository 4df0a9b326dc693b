"""``fn.fastpass.multi_crop`` on a GPU: its host code on the twin, and itself where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support.dali_pipelines import arrays, bytes_node, dali, enabled, ids_node, outputs, pipeline
from support.pictures import jpeg

import fastpass as fp
from fastpass.augment import recipes
from fastpass.testing import gpu_twin

fn, types = dali.fn, dali.types
RECIPE = recipes.dino(global_size=32, local_size=16, num_local_crops=2)
FILES = [jpeg(seed, 90 + seed, 120) for seed in range(4)]
IDS = [5, -3, 2**62, 0]


@pytest.fixture(scope="module", autouse=True)
def ours() -> Any:
    return enabled()


@pytest.fixture(params=["twin", pytest.param("gpu", marks=pytest.mark.needs_cuda)])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "gpu":
        yield "gpu"
        return
    with gpu_twin():
        yield "twin"


def _multi_crop(place: str, *inputs: Any, **arguments: Any) -> Any:
    given = {"recipe": enabled().recipe(RECIPE), "epoch": 3, "seed": 11, **arguments}
    if place == "twin":
        return fn.fastpass.twin_multi_crop(*inputs, **given)
    return fn.fastpass.multi_crop(*inputs, device="mixed", **given)


def _pipeline(place: str, define: Any, **options: Any) -> Any:
    return pipeline(define, device_id=None if place == "twin" else 0, **options)


def _outputs(made: Any) -> list[list[np.ndarray[Any, Any]]]:
    return [list(np.array(output.as_cpu().as_array())) for output in made.run()]


def _assert_views(views: list[Any], files: list[bytes]) -> None:
    for sample, data in enumerate(files):
        wanted = fp.render(data, RECIPE, seed=11, epoch=3, sample_id=IDS[sample])
        for view, want in zip(views, wanted, strict=True):
            assert np.array_equal(view[sample], want), sample


def test_views_are_those_of_render(place: str) -> None:
    made = _pipeline(
        place, lambda: _multi_crop(place, bytes_node(FILES), ids_node(IDS)), batch_size=4
    )
    for _ in range(5):
        _assert_views(_outputs(made), FILES)


def test_batches_of_changing_size_and_seek_indexes(place: str) -> None:
    sizes = iter([3, 1, 4])
    indexes = [fp.build_seek_index(data) for data in FILES]

    def source() -> Any:
        size = next(sizes)
        ids = np.array(IDS[:size], np.int64)
        return arrays(FILES[:size]), ids, arrays(indexes[:size])

    def define() -> Any:
        inputs = fn.external_source(
            source,
            num_outputs=3,
            dtype=[types.UINT8, types.INT64, types.UINT8],
            ndim=[1, 0, 1],
        )
        return _multi_crop(place, *inputs)

    made = _pipeline(place, define, batch_size=4, prefetch_queue_depth=1)
    for size in (3, 1, 4):
        views = _outputs(made)
        assert len(views[0]) == size
        _assert_views(views, FILES[:size])


@pytest.mark.parametrize("layout", ["CHW", "HWC"])
@pytest.mark.parametrize("dtype", ["FLOAT", "FLOAT16", "UINT8", "UINT16"])
def test_formats_are_those_of_the_cpu(place: str, dtype: str, layout: str) -> None:
    arguments = {"dtype": getattr(types, dtype), "output_layout": layout}

    def define() -> Any:
        inputs = bytes_node(FILES), ids_node(IDS)
        given = {"recipe": enabled().recipe(RECIPE), "epoch": 3, "seed": 11, **arguments}
        return [
            *_multi_crop(place, *inputs, **arguments),
            *fn.fastpass.multi_crop(*inputs, **given),
        ]

    nodes = [output.as_cpu() for output in _pipeline(place, define, batch_size=4).run()]
    half = len(nodes) // 2
    for got, wanted in zip(nodes[:half], nodes[half:], strict=True):
        assert got.layout() == wanted.layout() == layout
        assert np.array_equal(got.as_array(), wanted.as_array())


def test_a_damaged_image_is_named_and_the_next_pipeline_works(place: str) -> None:
    files = [FILES[0], FILES[1][:1500], *FILES[2:]]
    with pytest.raises(fp.CorruptImage) as fault:
        fp.render(files[1], RECIPE, seed=11, epoch=3, sample_id=IDS[1])
    for _ in range(2):
        define = lambda: _multi_crop(place, bytes_node(files), ids_node(IDS))  # noqa: E731
        with pytest.raises(RuntimeError) as raised:
            _outputs(_pipeline(place, define, batch_size=4))
        named = f"fastpass.CorruptImage: sample 1 of the batch, sample id -3: {fault.value}"
        assert named in str(raised.value)
        define = lambda: _multi_crop(place, bytes_node(FILES), ids_node(IDS))  # noqa: E731
        _assert_views(_outputs(_pipeline(place, define, batch_size=4)), FILES)


def test_reports_instead_of_an_error(place: str, ours: Any) -> None:
    files = [FILES[0], FILES[1][:1500], FILES[2], b"no image"]
    define = lambda: _multi_crop(  # noqa: E731
        place, bytes_node(files), ids_node(IDS), on_error="report"
    )
    *views, reports = _outputs(_pipeline(place, define, batch_size=4))
    errors = ours.faults(reports)
    kinds = [type(error).__name__ for error in errors]
    assert kinds == ["NoneType", "CorruptImage", "NoneType", "UnsupportedImage"]
    assert not any(view[1].any() or view[3].any() for view in views)
    for sample in (0, 2):
        wanted = fp.render(files[sample], RECIPE, seed=11, epoch=3, sample_id=IDS[sample])
        assert all(
            np.array_equal(view[sample], want) for view, want in zip(views, wanted, strict=True)
        )


def test_without_a_gpu_the_twin_is_refused_by_name() -> None:
    from fastpass.common.gpu import is_gpu_there

    if is_gpu_there():
        pytest.skip("there is a GPU")
    with pytest.raises(RuntimeError, match=r"fastpass\.DeviceFailed: "):
        outputs(pipeline(lambda: _multi_crop("twin", bytes_node(FILES)), batch_size=4))


def test_operations_on_views_are_refused_by_name(place: str) -> None:
    recipe = fp.Recipe("mine", (fp.ViewSpec(size=16, ops=(fp.view_ops.random_erasing,)),))
    text = enabled().recipe(recipe)
    define = lambda: [_multi_crop(place, bytes_node(FILES), recipe=text)]  # noqa: E731
    with pytest.raises(RuntimeError, match="random_erasing runs on the CPU only"):
        _outputs(_pipeline(place, define, batch_size=4))


def test_wrong_arguments_are_named(place: str) -> None:
    with pytest.raises((RuntimeError, ValueError), match='output_layout = "CWH"'):
        define = lambda: _multi_crop(place, bytes_node(FILES), output_layout="CWH")  # noqa: E731
        outputs(_pipeline(place, define, batch_size=4))
