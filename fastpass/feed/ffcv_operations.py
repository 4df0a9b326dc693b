"""Operations of FFCV's pipelines: one decode of a sample, and all views of it."""

from __future__ import annotations

import ctypes
import math
import threading
import weakref
from collections.abc import Callable
from ctypes import c_char_p, c_int64, c_uint32, c_uint64, c_void_p
from dataclasses import replace
from functools import cache
from queue import Full
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
from ffcv.fields.rgb_image import IMAGE_MODES, SimpleRGBImageDecoder
from ffcv.loader.epoch_iterator import EpochIterator
from ffcv.pipeline.allocation_query import AllocationQuery
from ffcv.pipeline.compiler import Compiler
from ffcv.pipeline.operation import Operation
from ffcv.pipeline.pipeline_spec import PipelineSpec
from ffcv.pipeline.state import State
from ffcv.transforms import ToTensor

from fastpass._native import core
from fastpass.augment.op_outputs import check_dtype_of_ops, output_places
from fastpass.augment.recipes.named import RecipeLike, as_recipe
from fastpass.augment.request import request_text
from fastpass.common.checks import require_bool, require_choice, require_integer
from fastpass.decode.settings import OnDamage, Orientation
from fastpass.errors import BadArgument, FastpassError, UnsupportedImage
from fastpass.feed import c_api
from fastpass.feed.c_api import Report
from fastpass.feed.options import Dtype, Mode

Layout = Literal["CHW", "HWC"]

# NumPy has no bfloat16: its bits.
_NUMPY_TYPES = {"float32": "<f4", "float16": "<f2", "bfloat16": "<u2", "uint8": "<u1"}
_REPORT_BYTES = ctypes.sizeof(Report)
_SECONDS_TO_NEXT_TRY = 0.1


class ArrayOfSamples(NamedTuple):
    """Of each sample."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def num_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@cache
def _library() -> ctypes.CDLL:
    """The functions of csrc/plugins/ffcv/pool_api.h, in types that numba knows."""
    loaded = c_api.library()
    loaded.fastpass_pool_new.restype = c_void_p
    loaded.fastpass_pool_new.argtypes = (c_char_p, ctypes.POINTER(Report))
    loaded.fastpass_pool_free.argtypes = (c_void_p,)
    loaded.fastpass_pool_begin.argtypes = (c_void_p, c_uint64, c_uint32)
    loaded.fastpass_pool_render.restype = c_int64
    loaded.fastpass_pool_render.argtypes = (c_int64,) * 10
    return loaded


class MultiCropDecoder(SimpleRGBImageDecoder):  # type: ignore[misc]
    """Decodes every image once, where its views need it, and renders all of them.

    For a ``FastpassField``, or a field of FFCV's own RGBImageField that was written in jpg mode.
    It is the first operation of a pipeline; :meth:`view` picks one view, in the same pipeline and
    in others (``PipelineSpec(decoder, transforms=[decoder.view(1), ...])``), and :meth:`output`
    what an operation on views (``fastpass.view_op``) puts out beside it. The views are those of
    ``fastpass.Loader`` and depend on (seed, epoch, sample, view) alone.

    Args:
        recipe: a Recipe, the name of a published one ("dino"), or a FILE.toml.
        seed: 0 to 2**64 - 1.
        dtype: "float32"; "uint8"; "bfloat16" (as uint16, the bits); "float16", behind which only
            operations that FFCV does not compile may come (ToTensor and all after it).
        normalize: False: values as they are, from 0 to 1, for operations of FFCV behind it.
        layout: of a view in memory: "CHW", or "HWC", which FFCV's operations want.
        on_error: "raise" ends the iteration with a damaged sample's error, in the consumer's
            thread. "report": its views are zeros, and :meth:`reports` says what was wrong.
        mode, on_damage, orientation, max_pixels, max_scan_blocks: as for ``fastpass.Loader``.

    Epochs count from 0 with every ``iter(loader)`` of FFCV's Loader; ``set_epoch`` names them. With
    FFCV's ``recompile=True``, name them. One iterator of the Loader is used at a time.
    """

    def __init__(
        self,
        recipe: RecipeLike,
        *,
        seed: int = 0,
        dtype: Dtype = "float32",
        normalize: bool = True,
        layout: Layout = "CHW",
        mode: Mode = "fast",
        on_error: Literal["raise", "report"] = "raise",
        on_damage: OnDamage = "raise",
        orientation: Orientation = "ignore",
        max_pixels: int = core.DEFAULT_MAX_PIXELS,
        max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
    ) -> None:
        super().__init__()
        require_choice("dtype", dtype, tuple(_NUMPY_TYPES))
        require_choice("layout", layout, ("CHW", "HWC"))
        require_choice("on_error", on_error, ("raise", "report"))
        self.recipe = as_recipe(recipe)
        self.seed = require_integer("seed", seed, 0, 2**64 - 1)
        self.dtype, self.layout, self.on_error = dtype, layout, on_error
        check_dtype_of_ops(self.recipe, dtype)
        self._outputs = output_places(self.recipe)
        text = request_text(
            self.recipe,
            dtype=dtype,
            normalize=require_bool("normalize", normalize),
            memory_format="channels_last" if layout == "HWC" else "contiguous",
            mode=mode,
            on_damage=on_damage,
            orientation=orientation,
            max_pixels=max_pixels,
            max_scan_blocks=max_scan_blocks,
        )
        self._pool = _new_pool(text)
        # Not when the process ends: FFCV's thread may be rendering, and nobody waits for it.
        weakref.finalize(self, _library().fastpass_pool_free, self._pool).atexit = False
        self._next_epoch = -1  # FFCV declares the memory once before the first iteration
        self._is_named = False

    def set_epoch(self, epoch: int) -> None:
        """What the next ``iter(loader)`` renders, and all later ones until it is called again."""
        self._next_epoch = require_integer("epoch", epoch, 0, 2**32 - 1)
        self._is_named = True

    def view(self, index: int) -> View:
        """An operation that picks a view of the recipe: [N, 3, size, size], or HWC."""
        number = len(self.recipe.views)
        return View(self, require_integer("index", index, 0, number - 1))

    def output(self, name: str, view: int) -> View:
        """An operation that picks the output ``name`` of an operation on a view: [N, ...]."""
        for place, output in enumerate(self._outputs, len(self.recipe.views)):
            if (output.name, output.view) == (name, view):
                return View(self, place)
        known = ", ".join(f"{output.name!r} of view {output.view}" for output in self._outputs)
        raise BadArgument(
            f"{name!r} of view {view} is no output of the recipe's operations; there is "
            f"{known or 'none'}"
        )

    def reports(self) -> Reports:
        """An operation that gives what ``faults`` reads: uint8 [N, bytes of a report]."""
        return Reports(self)

    @property
    def arrays(self) -> list[ArrayOfSamples]:
        """What is made of a sample: the views, then the outputs of operations."""
        is_first = self.layout == "CHW"
        views = [
            ArrayOfSamples(
                (3, view.size, view.size) if is_first else (view.size, view.size, 3),
                np.dtype(_NUMPY_TYPES[self.dtype]),
            )
            for view in self.recipe.views
        ]
        outputs = [ArrayOfSamples(of.shape, np.dtype(of.dtype)) for of in self._outputs]
        return [*views, *outputs]

    # ---- what FFCV calls --------------------------------------------------------------------

    def declare_state_and_memory(
        self, previous_state: State
    ) -> tuple[State, tuple[AllocationQuery, ...]]:
        """The memory is that of each array, and of the reports: each a row of bytes per sample."""
        _refuse_raw(self.metadata)
        _library().fastpass_pool_begin(self._pool, self.seed, max(self._next_epoch, 0))
        if not self._is_named:
            self._next_epoch += 1
        queries = tuple(AllocationQuery((of.num_bytes,), np.dtype("<u1")) for of in self.arrays)
        reports = AllocationQuery((_REPORT_BYTES,), np.dtype("<u1"))
        state = replace(previous_state, jit_mode=True, shape=(1,), dtype=np.dtype("<u1"))
        return state, (*queries, reports)

    def generate_code(self) -> Callable[..., Any]:
        render = _library().fastpass_pool_render
        pool, num_arrays = self._pool, len(self.arrays)
        read, each = self.memory_read, Compiler.get_iterator()

        is_ours = _is_ours(self.metadata)
        place_of = Compiler.compile(_place_of if is_ours else _place_of_rgb)
        raises, raise_in_consumer = self.on_error == "raise", _raise_in_consumer

        def decode(rows, memory, metadata, storage):  # type: ignore[no-untyped-def]
            outputs = np.empty(num_arrays, np.int64)
            for output in range(num_arrays):
                outputs[output] = memory[output].ctypes.data
            reports = memory[num_arrays]
            faults = 0
            for place in each(len(rows)):
                row = rows[place]
                pointer, image_bytes, seek_bytes, key_bytes = place_of(metadata[row])
                data = read(pointer, storage)
                faults += render(
                    pool,
                    data.ctypes.data,
                    data.size,
                    image_bytes if is_ours else data.size,
                    seek_bytes,
                    key_bytes,
                    row,
                    outputs.ctypes.data,
                    place,
                    reports[place].ctypes.data,
                )
            if raises and faults != 0:
                raise_in_consumer(rows.ctypes.data, len(rows), reports.ctypes.data)
                raise StopIteration  # FFCV's thread then ends as it does after an epoch
            return memory

        decode.is_parallel = True  # type: ignore[attr-defined]
        return decode


def _place_of(sample):  # type: ignore[no-untyped-def]
    """Where a sample of a FastpassField lies, and the bytes of its image, seek index and key."""
    lengths = sample["image_bytes"], sample["seek_bytes"], sample["key_bytes"]
    return sample["ptr"], np.int64(lengths[0]), np.int64(lengths[1]), np.int64(lengths[2])


def _place_of_rgb(sample):  # type: ignore[no-untyped-def]
    """The same of FFCV's own field, whose allocation is the image: its length is not stored."""
    return sample["data_ptr"], np.int64(0), np.int64(0), np.int64(0)


def _is_ours(metadata: npt.NDArray[Any]) -> bool:
    return "image_bytes" in (metadata.dtype.names or ())


class View(Operation):  # type: ignore[misc]
    """One array of what a :class:`MultiCropDecoder` has made: a view, or an output beside it."""

    def __init__(self, decoder: MultiCropDecoder, place: int) -> None:
        super().__init__()
        self._decoder, self._place = decoder, place
        self._shape, self._dtype = decoder.arrays[place].shape, decoder.arrays[place].dtype

    def declare_state_and_memory(self, previous_state: State) -> tuple[State, None]:
        is_compiled = self._dtype != np.float16  # of which numba makes no arrays on a CPU
        state = replace(previous_state, jit_mode=is_compiled, shape=self._shape, dtype=self._dtype)
        return state, None

    def generate_code(self) -> Callable[..., Any]:
        place, dtype, shape = self._place, self._dtype, self._shape

        def pick(memory, _):  # type: ignore[no-untyped-def]
            values = memory[place]
            return values.view(dtype).reshape((len(values), *shape))

        return pick


class Reports(Operation):  # type: ignore[misc]
    """What became of each sample: uint8 [N, bytes of a report], read by ``faults``."""

    def __init__(self, decoder: MultiCropDecoder) -> None:
        super().__init__()

    def declare_state_and_memory(self, previous_state: State) -> tuple[State, None]:
        return replace(previous_state, shape=(_REPORT_BYTES,), dtype=np.dtype("<u1")), None

    def generate_code(self) -> Callable[..., Any]:
        def pick(memory, _):  # type: ignore[no-untyped-def]
            return memory[-1]

        return pick


def multi_crop(
    recipe: RecipeLike, *, field: str = "image", **options: Any
) -> dict[str, list[Operation] | PipelineSpec]:
    """Pipelines for FFCV's Loader that give every view as a tensor, and what operations put out.

    The first is called as the field is, and the others ``view_1``, ``view_2`` and so on, then
    ``NAME_0`` for the output NAME of an operation on view 0; FFCV hands them out behind all fields
    of the file. ``options``: see :class:`MultiCropDecoder`.
    """
    decoder = MultiCropDecoder(recipe, **options)
    pipelines: dict[str, list[Operation] | PipelineSpec] = {
        field: [decoder, decoder.view(0), ToTensor()]
    }
    picked = {f"view_{view}": decoder.view(view) for view in range(1, len(decoder.recipe.views))}
    for of in output_places(decoder.recipe):
        picked[f"{of.name}_{of.view}"] = decoder.output(of.name, of.view)
    for name, pick in picked.items():
        pipelines[name] = PipelineSpec(decoder, transforms=[pick, ToTensor()])
    return pipelines


def _new_pool(text: str) -> int:
    report = Report()
    pool: int | None = _library().fastpass_pool_new(text.encode(), ctypes.byref(report))
    if pool is None:
        raise report.error() or BadArgument("the recipe was refused")
    return pool


def _refuse_raw(metadata: npt.NDArray[Any]) -> None:
    """FFCV's field in raw mode holds pixels; nothing is left to decode."""
    if _is_ours(metadata):
        return
    names = metadata.dtype.names or ()
    if "data_ptr" not in names or "mode" not in names:
        raise BadArgument(
            "MultiCropDecoder reads a FastpassField or an RGBImageField, and this field is neither"
        )
    num_raw = int((metadata["mode"] != IMAGE_MODES["jpg"]).sum())
    if num_raw:
        raise UnsupportedImage(
            f"{num_raw:,} of {len(metadata):,} images of this .beton are stored as pixels "
            "(RGBImageField in raw mode), not as JPEGs: write it with write_mode='jpg', or from "
            "the original files with `fastpass pack --to beton`"
        )


# ---- faults -------------------------------------------------------------------------------------


class _Fault:
    """In the place of a batch in FFCV's queue: its consumer raises when it takes it apart."""

    def __init__(self, error: FastpassError) -> None:
        self._error = error

    def __iter__(self) -> NoReturn:
        raise self._error


def _tell_consumer(rows: int, num_samples: int, reports: int) -> None:
    """Called by compiled code with the addresses of a batch's rows and reports.

    An exception in FFCV's thread would end it, and leave the consumer waiting for ever.
    """
    thread = threading.current_thread()
    if not isinstance(thread, EpochIterator):
        return
    told = (Report * num_samples).from_address(reports)
    place = next(place for place, report in enumerate(told) if report.fault)
    row = (c_int64 * num_samples).from_address(rows)[place]
    error = told[place].error()
    assert error is not None
    error.add_context(f"{thread.loader.fname}: row {row}")
    while not thread.terminate_event.is_set():
        try:
            thread.output_queue.put(_Fault(error), timeout=_SECONDS_TO_NEXT_TRY)
            break
        except Full:
            pass


_raise_in_consumer = ctypes.CFUNCTYPE(None, c_int64, c_int64, c_int64)(_tell_consumer)
