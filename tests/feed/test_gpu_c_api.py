"""The C interface for batches on a GPU (csrc/plugins/gpu_api.h), on the twin: the CPU's views."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from support.pictures import jpeg

import fastpass as fp
from fastpass.augment import recipes
from fastpass.augment.request import request_text
from fastpass.errors import BadArgument, DeviceFailed
from fastpass.feed.c_api import Image, Key, Report, library
from fastpass.testing import gpu_twin

RECIPE = recipes.dino(global_size=32, local_size=16, num_local_crops=2)
GOOD = [jpeg(seed, 90 + 7 * seed, 120) for seed in range(5)]
KEYS = [(2**64 - 1, sample_id, 3) for sample_id in (5, -3, 2**62, 0, 7)]


@contextmanager
def _batch(request: str, *, ordinal: int = 0) -> Iterator[int]:
    report = Report()
    batch = library().fastpass_gpu_batch_new(request.encode(), ordinal, report)
    if (error := report.error()) is not None:
        raise error
    try:
        yield batch
    finally:
        library().fastpass_gpu_batch_free(batch)


@contextmanager
def _workers(request: str, number: int) -> Iterator[list[int]]:
    native, report = library(), Report()
    workers = [native.fastpass_worker_new(request.encode(), report) for _ in range(number)]
    try:
        yield workers
    finally:
        for worker in workers:
            native.fastpass_worker_free(worker)


def _image(data: bytes, index: bytes) -> Image:
    return Image(
        ctypes.cast(data, ctypes.c_void_p), len(data), ctypes.cast(index, ctypes.c_void_p),
        len(index),
    )  # fmt: skip


def _render(
    batch: int, workers: list[int], files: list[bytes], indexes: list[bytes] | None = None
) -> tuple[list[np.ndarray[Any, Any]], list[fp.FastpassError | None]]:
    """([view] uint8 [N, bytes], [sample] what is wrong with it), planned by as many threads."""
    native, report = library(), Report()
    native.fastpass_gpu_begin(batch, len(files), report)
    assert report.error() is None

    def plan(first: int) -> None:
        of_thread = Report()
        for place in range(first, len(files), len(workers)):
            image = _image(files[place], indexes[place] if indexes else b"")
            key = Key(*KEYS[place])
            native.fastpass_gpu_plan(batch, workers[first], place, image, key, of_thread)

    with ThreadPoolExecutor(len(workers)) as threads:
        list(threads.map(plan, range(len(workers))))
    views = [
        np.full((len(files), native.fastpass_view_bytes(workers[0], view)), 0xA5, np.uint8)
        for view in range(native.fastpass_num_views(workers[0]))
    ]
    outputs = (ctypes.c_void_p * len(views))(*(view.ctypes.data for view in views))
    reports = (Report * len(files))()
    native.fastpass_gpu_render(batch, outputs, None, reports, report)
    if (error := report.error()) is not None:
        raise error
    return views, [one.error() for one in reports]


def _assert_views(views: list[Any], place: int, data: bytes, **options: Any) -> None:
    seed, sample_id, epoch = KEYS[place]
    wanted = fp.render(data, RECIPE, seed=seed, sample_id=sample_id, epoch=epoch, **options)
    for view, want in zip(views, wanted, strict=True):
        assert np.array_equal(view[place], np.frombuffer(want.tobytes(), np.uint8))


@pytest.fixture(autouse=True)
def _twin() -> Iterator[None]:
    with gpu_twin():
        yield


def test_views_are_those_of_render_batch_after_batch() -> None:
    request = request_text(RECIPE)
    with _batch(request) as batch, _workers(request, 3) as workers:
        for files in (GOOD, GOOD[:2], GOOD):
            views, errors = _render(batch, workers, files)
            assert errors == [None] * len(files)
            for place, data in enumerate(files):
                _assert_views(views, place, data)


def test_seek_indexes_and_other_formats() -> None:
    png = io.BytesIO()
    PillowImage.open(io.BytesIO(GOOD[1])).save(png, "PNG")
    large = jpeg(9, 400, 500)
    files, request = [large, png.getvalue(), GOOD[2]], request_text(RECIPE)
    index = fp.build_seek_index(large)
    with _batch(request) as batch, _workers(request, 1) as workers:
        views, errors = _render(batch, workers, files, [index, b"", index])
        assert [type(error).__name__ for error in errors] == [
            "NoneType",
            "NoneType",
            "BadSeekIndex",
        ]
        _assert_views(views, 0, files[0])
        _assert_views(views, 1, files[1])


@pytest.mark.parametrize("damage", ["headers", "data", "nothing"])
def test_damage_is_the_fault_of_render_and_leaves_zeros(damage: str) -> None:
    bad = {"headers": GOOD[1][:30], "data": GOOD[1][:1500], "nothing": b""}[damage]
    files, request = [GOOD[0], bad, GOOD[2]], request_text(RECIPE)
    with pytest.raises(fp.FastpassError) as wanted:
        fp.render(bad, RECIPE, seed=2**64 - 1, sample_id=-3, epoch=3)
    with _batch(request) as batch, _workers(request, 2) as workers:
        views, errors = _render(batch, workers, files)
        assert errors[0] is errors[2] is None
        assert (type(errors[1]), str(errors[1])) == (type(wanted.value), str(wanted.value))
        assert errors[1] is not None
        assert errors[1].byte_offset == wanted.value.byte_offset
        assert not any(view[1].any() for view in views)
        _assert_views(views, 0, files[0])
        _assert_views(views, 2, files[2])
        views, errors = _render(batch, workers, GOOD)
        assert errors == [None] * 5
        _assert_views(views, 1, GOOD[1])


def test_all_of_a_batch_may_be_damaged() -> None:
    request = request_text(RECIPE)
    with _batch(request) as batch, _workers(request, 1) as workers:
        views, errors = _render(batch, workers, [b"", GOOD[0][:800]])
        assert all(isinstance(error, fp.FastpassError) for error in errors)
        assert not any(view.any() for view in views)


@pytest.mark.parametrize("options", [{"on_damage": "fill"}, {"orientation": "apply"}], ids=str)
def test_options_are_those_of_render(options: dict[str, Any]) -> None:
    files = [GOOD[0][:1500] if "on_damage" in options else GOOD[0]]
    request = request_text(RECIPE, **options)
    with _batch(request) as batch, _workers(request, 1) as workers:
        views, errors = _render(batch, workers, files)
        assert errors == [None]
        _assert_views(views, 0, files[0], **options)


def test_what_is_asked_wrongly_is_named() -> None:
    request = request_text(RECIPE)
    with pytest.raises(BadArgument, match="sizes 3"), _batch("sizes 3\n"):
        pass
    native, report = library(), Report()
    with _batch(request) as batch, _workers(request, 1) as workers:
        native.fastpass_gpu_begin(batch, 1, report)
        image, key = _image(GOOD[0], b""), Key(0, 0, 0)
        native.fastpass_gpu_plan(batch, workers[0], 1, image, key, report)
        assert "place 1 of a batch of 1" in str(report.error())
        views, errors = _render(batch, workers, GOOD[:1])
        assert errors == [None]
        _assert_views(views, 0, GOOD[0])


def test_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    from fastpass.common import gpu

    monkeypatch.setattr(gpu, "open_twins", [])
    monkeypatch.setattr(gpu, "load_cuda", lambda: (_ for _ in ()).throw(fp.MissingBackend("none")))
    with pytest.raises(DeviceFailed, match="none"), _batch(request_text(RECIPE)):
        pass
