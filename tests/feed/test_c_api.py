"""The C interface for plug-ins, by ctypes: the pixels of ``render`` and of ``decode_jpeg``."""

from __future__ import annotations

import ctypes
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from support.pictures import jpeg

import fastpass as fp
from fastpass.augment import Blur, Jitter, Recipe, ViewSpec, recipes
from fastpass.augment.request import recipe_text, request_text
from fastpass.errors import FastpassError
from fastpass.feed.c_api import Image, Key, Region, Report, library

EVERY_FIELD = Recipe(
    "every_field",
    (
        ViewSpec(
            size=33,
            scale=(0.1, 0.9),
            ratio=(0.5, 1.9),
            interpolation="bicubic",
            flip=0.3,
            jitter=Jitter(0.1, 0.2, 0.3, 0.15, probability=0.7),
            grayscale=0.4,
            blur=Blur(0.8, (0.3, 1.7), kind="gaussian", kernel_size=7, border="zero"),
            solarize=0.5,
            solarize_threshold=77,
            mean=(0.1, 0.2, 0.3),
            std=(0.4, 0.5, 0.6),
        ),
        ViewSpec(size=24, crop="center", resize=31),
    ),
)


def _image(data: bytes, index: bytes = b"") -> Image:
    """Borrows the bytes, which the caller keeps."""
    return Image(
        ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p),
        len(data),
        ctypes.cast(ctypes.c_char_p(index), ctypes.c_void_p) if index else None,
        len(index),
    )


@contextmanager
def _worker(request: str) -> Iterator[int]:
    report = Report()
    worker = library().fastpass_worker_new(request.encode(), report)
    if not worker:
        error = report.error()
        assert error is not None
        raise error
    try:
        yield worker
    finally:
        library().fastpass_worker_free(worker)


def _render(
    worker: int, data: bytes, *, index: bytes = b"", seed: int = 0, epoch: int = 0, id_: int = 0
) -> list[np.ndarray[Any, Any]]:
    native = library()
    views = [
        np.empty(native.fastpass_view_bytes(worker, view), np.uint8)
        for view in range(native.fastpass_num_views(worker))
    ]
    outputs = (ctypes.c_void_p * len(views))(*(view.ctypes.data for view in views))
    report = Report()
    native.fastpass_render(worker, _image(data, index), Key(seed, id_, epoch), outputs, report)
    if (error := report.error("here")) is not None:
        raise error
    assert report.decode_nanoseconds > 0
    assert report.augment_nanoseconds > 0
    return views


def _expected(data: bytes, recipe: Recipe, **options: Any) -> list[np.ndarray[Any, Any]]:
    views = fp.render(data, recipe, **options)
    return [np.frombuffer(view.tobytes(), np.uint8) for view in views]


def _all_equal(left: list[np.ndarray[Any, Any]], right: list[np.ndarray[Any, Any]]) -> bool:
    return len(left) == len(right) and all(map(np.array_equal, left, right))


RECIPES = {name: make() for name, make in recipes.RECIPES.items()} | {"every_field": EVERY_FIELD}


@pytest.mark.parametrize("name", RECIPES)
def test_views_are_those_of_render(name: str) -> None:
    recipe = RECIPES[name]
    with _worker(request_text(recipe)) as worker:
        for sample_id in (0, 7, -1, 2**63 - 1):
            data = jpeg(sample_id % 100, 130, 170)
            got = _render(worker, data, seed=2**64 - 1, epoch=5, id_=sample_id)
            key = {"seed": 2**64 - 1, "epoch": 5, "sample_id": sample_id}
            assert _all_equal(got, _expected(data, recipe, **key))


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "exact"},
        {"normalize": False},
        {"orientation": "apply"},
        {"on_damage": "fill"},
    ],
    ids=str,
)
def test_options_are_those_of_render(options: dict[str, Any]) -> None:
    recipe = RECIPES["rrc"]
    data = _turned(jpeg(3, 700, 900))
    if options.get("on_damage") == "fill":
        data = data[: len(data) * 2 // 3]
    with _worker(request_text(recipe, **options)) as worker:
        assert _all_equal(_render(worker, data, seed=4), _expected(data, recipe, seed=4, **options))


def _turned(data: bytes) -> bytes:
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    PillowImage.open(io.BytesIO(data)).save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
@pytest.mark.parametrize("dtype", ["uint8", "float16", "bfloat16", "float32"])
def test_formats_are_those_of_the_loader(tmp_path: Path, dtype: Any, memory_format: Any) -> None:
    import torch

    data = jpeg(1, 90, 110)
    (tmp_path / "a.jpg").write_bytes(data)
    format_: dict[str, Any] = {"dtype": dtype, "memory_format": memory_format}
    with fp.Loader(tmp_path, EVERY_FIELD, batch_size=1, seed=9, threads=1, **format_) as loader:
        (batch,) = loader
    with _worker(request_text(EVERY_FIELD, **format_)) as worker:
        views = _render(worker, data, seed=9, id_=int(batch.sample_ids[0]))
    for view, wanted in zip(views, batch.views, strict=True):
        if memory_format == "channels_last":
            wanted = wanted.permute(0, 2, 3, 1)
        assert view.tolist() == wanted.contiguous().view(-1).view(torch.uint8).tolist()


def test_a_seek_index_changes_nothing_and_a_wrong_one_is_refused() -> None:
    data = jpeg(2, 300, 400)
    index = fp.build_seek_index(data)
    recipe = RECIPES["rrc"]
    with _worker(request_text(recipe)) as worker:
        assert _all_equal(_render(worker, data, index=index), _expected(data, recipe, seed=0))
        with pytest.raises(fp.errors.BadSeekIndex, match="here: "):
            _render(worker, jpeg(3, 300, 400), index=index)
        with pytest.raises(fp.errors.BadSeekIndex):
            _render(worker, data, index=index[:-3])
        _render(worker, data)  # the next good one


def test_what_is_no_jpeg_goes_through_pillow() -> None:
    png = io.BytesIO()
    PillowImage.open(io.BytesIO(jpeg(1, 90, 80))).save(png, "PNG")
    with _worker(request_text(EVERY_FIELD)) as worker:
        got = _render(worker, png.getvalue(), seed=3)
        assert _all_equal(got, _expected(png.getvalue(), EVERY_FIELD, seed=3))


def test_damage_is_the_fault_of_render_and_the_worker_goes_on() -> None:
    data = jpeg(5, 200, 200)
    damaged = data[: len(data) // 2]
    with pytest.raises(fp.CorruptImage) as wanted:
        fp.render(damaged, RECIPES["rrc"], seed=0)
    with _worker(request_text(RECIPES["rrc"])) as worker:
        for bad in (damaged, b"", b"no image at all"):
            with pytest.raises(FastpassError):
                _render(worker, bad)
        with pytest.raises(fp.CorruptImage) as raised:
            _render(worker, damaged)
        assert raised.value.byte_offset == wanted.value.byte_offset is not None
        assert str(raised.value) == f"here: {wanted.value}"
        assert _all_equal(_render(worker, data), _expected(data, RECIPES["rrc"], seed=0))


def test_threads_have_workers_of_their_own() -> None:
    recipe = recipes.dino(global_size=32, local_size=16, num_local_crops=2)
    files = [jpeg(i, 100 + i, 120) for i in range(24)]
    wanted = [_expected(data, recipe, seed=1, sample_id=i) for i, data in enumerate(files)]
    right = [False] * len(files)

    def work(first: int) -> None:
        with _worker(request_text(recipe)) as worker:
            for i in range(first, len(files), 4):
                right[i] = _all_equal(_render(worker, files[i], seed=1, id_=i), wanted[i])

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(right)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("sizes 3", "sizes 3"),
        ("mode slow", "mode slow"),
        ("max_pixels 1e3", "max_pixels 1e3"),
        ("max_pixels 0", "max_pixels"),
        ("view\nsize 0", "size"),
        ("view\nmean 1 2", "mean 1 2"),
        ("view\nscale_min nan", "scale"),
        ("view\nflip_probability", "flip_probability"),
        ("view\nmode fast", "mode fast"),
        ("\xff\x00", "\xff"),
    ],
)
def test_a_wrong_request_is_named(line: str, named: str) -> None:
    with pytest.raises(fp.errors.BadArgument, match=named), _worker(line + "\n"):
        pass


def test_numbers_survive_the_text() -> None:
    spec = ViewSpec(8, scale=(0.1 + 0.2, 1 - 2**-53), ratio=(1e-5, 1e5))
    text = recipe_text(Recipe("numbers", (spec,)))
    values = dict(line.split(" ", 1) for line in text.splitlines()[1:])
    assert (float(values["scale_min"]), float(values["scale_max"])) == spec.scale
    assert (float(values["ratio_min"]), float(values["ratio_max"])) == spec.ratio


# ---- decoding alone ----------------------------------------------------------------------------


def _decode(
    worker: int, data: bytes, region: tuple[int, int, int, int] = (0, 0, 0, 0), scale: int = 1
) -> np.ndarray[Any, Any]:
    native, report, image = library(), Report(), _image(data)
    where = Region(*region, scale)
    height, width = ctypes.c_int32(), ctypes.c_int32()
    native.fastpass_decoded_size(worker, image, where, height, width, report)
    if (error := report.error()) is not None:
        raise error
    pixels = np.empty((height.value, width.value, 3), np.uint8)
    memory = pixels.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
    native.fastpass_decode(worker, image, where, memory, pixels.nbytes, report)
    if (error := report.error()) is not None:
        raise error
    return pixels


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("crop", [None, (3, 5, 11, 7)])
@pytest.mark.parametrize("orientation", ["ignore", "apply"])
def test_pixels_are_those_of_decode_jpeg(scale: Any, crop: Any, orientation: Any) -> None:
    data = _turned(jpeg(8, 203, 301))
    wanted = fp.decode_jpeg(
        data,
        crop=None if crop is None else fp.CropBox(*crop),
        scale_denominator=scale,
        orientation=orientation,
    )
    with _worker(request_text(orientation=orientation)) as worker:
        assert np.array_equal(_decode(worker, data, crop or (0, 0, 0, 0), scale), wanted)


def test_a_png_is_decoded_and_cut() -> None:
    png = io.BytesIO()
    picture = PillowImage.open(io.BytesIO(jpeg(1, 90, 80)))
    picture.save(png, "PNG")
    pixels = np.asarray(picture)
    with _worker(request_text()) as worker:
        assert np.array_equal(_decode(worker, png.getvalue()), pixels)
        assert np.array_equal(_decode(worker, png.getvalue(), (1, 2, 30, 20)), pixels[1:31, 2:22])
        with pytest.raises(fp.UnsupportedImage, match="scale"):
            _decode(worker, png.getvalue(), scale=2)


@pytest.mark.parametrize(
    ("region", "scale", "named"),
    [((0, 0, 500, 500), 1, "crop"), ((-1, 0, 5, 5), 1, "crop"), ((0, 0, 0, 0), 3, "scale")],
)
def test_a_wrong_region_is_named(region: Any, scale: int, named: str) -> None:
    with _worker(request_text()) as worker:
        with pytest.raises(fp.errors.BadArgument, match=named):
            _decode(worker, jpeg(1), region, scale)


def test_memory_that_is_too_small_is_left_alone() -> None:
    data, memory, report = jpeg(1, 40, 50), (ctypes.c_uint8 * 100)(), Report()
    with _worker(request_text()) as worker:
        library().fastpass_decode(
            worker, _image(data), Region(0, 0, 0, 0, 1), memory, len(memory), report
        )
    assert "no room" in str(report.error())
    assert not any(memory)


# ---- operations on views -------------------------------------------------------------------------


def test_operations_and_their_outputs_are_those_of_render() -> None:
    pytest.importorskip("numba")
    from support.view_operations import dim, paint, tell_key

    views = (
        ViewSpec(size=20, ops=(paint, dim)),
        ViewSpec(size=16),
        ViewSpec(size=18, ops=(tell_key, fp.view_ops.block_mask.with_params(patch=2))),
    )
    recipe, data, native = Recipe("mine", views), jpeg(5, 60, 70), library()
    wanted, outputs = fp.render(data, recipe, seed=4, sample_id=8, return_outputs=True)
    named = [outputs["scale"][0], *(outputs[n][2] for n in ("own_key", "is_even", "mask"))]
    with _worker(request_text(recipe)) as worker:
        assert native.fastpass_num_op_outputs(worker) == len(named)
        made = [native.fastpass_get_op_output(worker, place) for place in range(len(named))]
        assert [tuple(of.shape[: of.num_dimensions]) for of in made] == [a.shape for a in named]
        assert [of.num_bytes for of in made] == [a.nbytes for a in named]
        assert [of.dtype for of in made] == [4, 3, 0, 0]  # float32, int64, bool, bool
        arrays = [np.full(a.nbytes, 99, np.uint8) for a in [*wanted, *named]]
        places = (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))
        report = Report()
        native.fastpass_render(worker, _image(data), Key(4, 8, 0), places, report)
        assert report.error() is None
    for got, of_render in zip(arrays, [*wanted, *named], strict=True):
        assert got.tobytes() == of_render.tobytes()


def test_operations_of_another_process_and_wrong_outputs_are_refused() -> None:
    pytest.importorskip("numba")
    from support.view_operations import dim

    text = request_text(Recipe("mine", (ViewSpec(size=20, ops=(dim,)),)))
    name = next(line.split()[1] for line in text.splitlines() if line.startswith("op "))
    for wrong, message in (
        (text.replace(name, name + "0"), "was not made in this process"),
        (text.replace("float32 2 1", "float32 2 2"), "other outputs than its operations have"),
        (text.replace("float32 2 1", "float64 2 1"), 'line "output scale float64 2 1"'),
        (text.replace("float32 2 1", f"float32 {2**62} 8"), 'line "output scale float32'),
        (text.replace("dtype float32", "dtype uint8"), "dim works on normalized values"),
    ):
        with pytest.raises(fp.BadArgument, match=message):
            with _worker(wrong):
                pass
