"""Operations on views in every backend of the loader: the views and outputs of the native one."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.backends import BACKENDS, enabled_backend
from support.pictures import image_folder
from support.view_operations import (
    dim,
    invert,
    paint,
    raise_at_times,
    tell_key,
    write_beyond,
)

import fastpass as fp
from fastpass.pack.writer import pack_folder

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

OWN = fp.Recipe(
    "own",
    (
        fp.ViewSpec(size=20, ops=(paint, dim, tell_key)),
        fp.ViewSpec(size=16),
        fp.ViewSpec(size=18, ops=(invert, dim)),
    ),
)
SHIPPED = fp.Recipe(
    "shipped",
    (
        fp.ViewSpec(
            size=64,
            ops=(fp.view_ops.rand_augment_geometry, fp.view_ops.block_mask.with_params(patch=8)),
        ),
        fp.ViewSpec(size=32, ops=(fp.view_ops.random_erasing, fp.view_ops.mixup_weight)),
        fp.ViewSpec(size=64, ops=(fp.view_ops.jepa_blocks, fp.view_ops.random_mask)),
    ),
)
OPTIONS: dict[str, Any] = {"batch_size": 5, "threads": 2, "seed": 3, "drop_last": False}


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return enabled_backend(request.param)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all backends read."""
    pictures = tmp_path_factory.mktemp("pictures")
    pack_folder(image_folder(pictures / "root"), pictures / "all.beton", to="beton")
    return pictures / "all.beton"


def _bits(tensor: Any) -> Any:
    return tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor


def _assert_equal(got: fp.Batch, wanted: fp.Batch) -> None:
    assert got.sample_ids.equal(wanted.sample_ids)
    for view, native in zip(got.views, wanted.views, strict=True):
        assert view.stride() == native.stride()
        assert _bits(view).equal(_bits(native))
    assert {name: list(views) for name, views in got.outputs.items()} == {
        name: list(views) for name, views in wanted.outputs.items()
    }
    for name, views in wanted.outputs.items():
        for place, values in views.items():
            assert got.outputs[name][place].dtype == values.dtype
            assert got.outputs[name][place].equal(values)


@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        (OWN, {}),
        (OWN, {"dtype": "float16", "memory_format": "channels_last", "threads": 1}),
        (OWN, {"dtype": "bfloat16", "rank": 1, "world_size": 2, "mode": "exact"}),
        (SHIPPED, {}),
        (SHIPPED, {"batch_size": 24, "memory_format": "channels_last"}),
    ],
    ids=str,
)
def test_views_and_outputs_are_those_of_the_native_one(
    source: Path, backend: str, recipe: fp.Recipe, options: dict[str, Any]
) -> None:
    given = {**OPTIONS, **options}
    with (
        fp.Loader(source, recipe, backend=backend, **given) as mine,
        fp.Loader(source, recipe, **given) as native,
    ):
        for _ in range(2):
            pairs = list(zip(mine, native, strict=True))
            for got, wanted in pairs:
                _assert_equal(got, wanted)
            for got, wanted in pairs:  # kept batches are not overwritten
                _assert_equal(got, wanted)
        assert mine.state_dict() == native.state_dict()


def test_operations_in_python_are_the_same(source: Path, backend: str) -> None:
    ops = tuple(op.in_python() for op in (paint, dim, tell_key))
    recipe = fp.Recipe("own", (fp.ViewSpec(size=20, ops=ops), *OWN.views[1:]))
    with (
        fp.Loader(source, recipe, backend=backend, **OPTIONS) as mine,
        fp.Loader(source, OWN, **OPTIONS) as native,
    ):
        for got, wanted in zip(mine, native, strict=True):
            _assert_equal(got, wanted)


def test_a_run_goes_on_in_another_backend(source: Path, backend: str) -> None:
    for first, second in ((backend, "native"), ("native", backend)):
        with fp.Loader(source, OWN, backend=first, **OPTIONS) as loader:
            batches = iter(loader)
            list(itertools.islice(batches, 2))
            state = loader.state_dict()
            rest = list(batches)
        with fp.Loader(source, OWN, backend=second, **OPTIONS) as loader:
            loader.load_state_dict(state)
            for got, wanted in zip(loader, rest, strict=True):
                _assert_equal(got, wanted)
        with fp.Loader(source, SHIPPED, backend=second, **OPTIONS) as loader:
            with pytest.raises(fp.ConfigError, match="view_ops"):
                loader.load_state_dict(state)


def test_normalized_values_of_uint8_views_are_refused(source: Path, backend: str) -> None:
    with pytest.raises(fp.BadArgument, match="dim works on normalized values"):
        fp.Loader(source, OWN, dtype="uint8", backend=backend, **OPTIONS)


@pytest.mark.parametrize("op", [raise_at_times, raise_at_times.in_python()], ids=["numba", "py"])
def test_one_that_raises_is_the_same_error_or_the_same_samples_are_skipped(
    source: Path, backend: str, op: fp.ViewOp
) -> None:
    recipe = fp.Recipe("mine", (fp.ViewSpec(size=16, ops=(tell_key, op)),))
    raised = []
    for name in (backend, "native"):
        with fp.Loader(source, recipe, backend=name, **OPTIONS) as loader:
            with pytest.raises(fp.BadViewOp, match=r"picture_\d.*view 0.*one of four") as error:
                list(loader)
        raised.append(str(error.value))
    assert raised[0] == raised[1]
    with (
        fp.Loader(source, recipe, backend=backend, on_error="skip", **OPTIONS) as mine,
        fp.Loader(source, recipe, on_error="skip", **OPTIONS) as native,
    ):
        for got, wanted in zip(mine, native, strict=True):
            _assert_equal(got, wanted)
        assert mine.skipped == native.skipped
        assert 0 < len(mine.skipped) < 24


def test_an_index_beyond_the_view_is_named_and_the_next_loader_works(
    source: Path, backend: str
) -> None:
    recipe = fp.Recipe("mine", (fp.ViewSpec(size=16, ops=(write_beyond,)),))
    with fp.Loader(source, recipe, backend=backend, **OPTIONS) as loader:
        with pytest.raises(fp.BadViewOp, match="view 0, view_op .*write_beyond: IndexError"):
            list(loader)
    with fp.Loader(source, OWN, backend=backend, **OPTIONS) as loader:
        assert len(list(loader)) == len(loader)


calls: list[int] = []


@fp.view_op(python=True)
def counted(view: Any, key: int) -> None:
    calls.append(key)


def test_the_rest_of_an_epoch_that_is_left_is_not_made(source: Path, backend: str) -> None:
    recipe = fp.Recipe("mine", (fp.ViewSpec(size=8, ops=(counted,)),))
    given = {**OPTIONS, "batch_size": 1, "batches_ahead": 2}
    calls.clear()
    with fp.Loader(source, recipe, backend=backend, **given) as loader:
        next(iter(loader))
        next(iter(loader))  # of another epoch
    assert 2 <= len(calls) < 16  # of 48


CLOSED_EARLY = """
import sys, time
sys.path[:0] = {path!r}
import fastpass as fp
from support.backends import enabled_backend

@fp.view_op(python=True)
def slow(view, key):
    time.sleep(0.02)

recipe = fp.Recipe("mine", (fp.ViewSpec(size=8, ops=(slow,)),))
for _ in range(3):
    loader = fp.Loader({source!r}, recipe, batch_size=6, threads=2,
                       backend=enabled_backend({backend!r}))
    next(iter(loader))
    loader.close()
loader = fp.Loader({source!r}, recipe, batch_size=6, threads=2, backend={backend!r})
batches = iter(loader)
next(batches)
print("left alone")
"""


def test_operations_in_python_do_not_hold_up_the_end(
    source: Path, tmp_path: Path, backend: str
) -> None:
    """Threads that wait for the GIL while the loader, or the whole process, ends."""
    program = tmp_path / "program.py"
    path = [str(Path(__file__).parents[1])]
    program.write_text(CLOSED_EARLY.format(path=path, source=str(source), backend=backend))
    result = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (result.returncode, result.stdout) == (0, "left alone\n"), result.stderr
