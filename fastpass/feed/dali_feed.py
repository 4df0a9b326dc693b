"""The DALI backend: a pipeline of NVIDIA DALI decodes and renders, by our operator in it."""

from __future__ import annotations

import ctypes
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastpass.augment.recipe import Recipe
from fastpass.augment.request import recipe_text
from fastpass.common.gpu import parse_device
from fastpass.errors import (
    BackendFailed,
    BadSeekIndex,
    Closed,
    CorruptImage,
    FastpassError,
    ImageTooLarge,
    MissingBackend,
    TooManyScans,
    UnsupportedImage,
)
from fastpass.feed.backend import MadeBatch, WorkDone
from fastpass.feed.c_api import Report
from fastpass.feed.dali import enable
from fastpass.feed.delivery import Delivery
from fastpass.feed.options import Options
from fastpass.feed.order import EpochOrder
from fastpass.feed.permutation import Positions
from fastpass.feed.read_ahead import ReadAhead
from fastpass.pack import Pack

# Faults of an image; others, of the storage or the memory, would meet every other sample as well
# (csrc/feed/batch_maker.cpp).
_OF_THE_IMAGE = (CorruptImage, UnsupportedImage, ImageTooLarge, TooManyScans, BadSeekIndex)
_DALI_TYPES = {"float32": "FLOAT", "float16": "FLOAT16", "bfloat16": "UINT16", "uint8": "UINT8"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A batch on its way through DALI."""

    positions: Positions
    sample_ids: npt.NDArray[np.int64]
    unread: dict[int, FastpassError] = field(default_factory=dict)  # place -> why


class _BatchReader:
    """Gives DALI's external source one batch of encoded samples after the other."""

    def __init__(self, pack: Pack, order: EpochOrder, *, reads: str) -> None:
        self._native: Any = pack.native
        self._order = order
        self._reads_by_pread = reads == "pread"
        self._coming: Iterator[tuple[list[Any], ...]] = iter(())
        self.asked: deque[_Asked] = deque()  # in the order that DALI gives them back
        self.seconds = 0.0

    def begin(self, epoch: int, start: int) -> None:
        """From now on the batches of this epoch."""
        self._coming = self._batches(epoch, start)

    def end(self) -> None:
        """Nothing more comes before the next ``begin``."""
        self._coming = iter(())
        self.asked.clear()

    def close(self) -> None:
        self.end()
        self._native = None  # with the files of the pack

    def __call__(self) -> tuple[list[Any], ...]:
        """(encoded, seek indexes, sample ids, epochs), one of each per sample."""
        return next(self._coming)

    def _batches(self, epoch: int, start: int) -> Iterator[tuple[list[Any], ...]]:
        read_ahead = ReadAhead(self._order, epoch=epoch, start=start)
        for index in range(self._order.num_batches(start)):
            began = time.perf_counter()
            positions = self._order.batch(index, epoch=epoch, start=start)
            for first, last in read_ahead.ranges(index, positions):
                self._native.prefetch(first, last)
            batch = self._read(positions, epoch)
            self.seconds += time.perf_counter() - began
            yield batch

    def _read(self, positions: Positions, epoch: int) -> tuple[list[Any], ...]:
        ids = [self._native.sample_id(position) for position in positions.tolist()]
        asked = _Asked(positions, np.array(ids, np.int64))
        fetch = self._native.read if self._reads_by_pread else self._native.fetch
        encoded, seek_indexes = [], []
        for place, position in enumerate(positions.tolist()):
            try:
                fetched = fetch(position)
                encoded.append(np.frombuffer(fetched, np.uint8))
                seek_indexes.append(np.frombuffer(fetched.seek_index or b"", np.uint8))
            except FastpassError as error:
                error.add_context(self._native.describe(position))
                asked.unread[place] = error
                encoded.append(np.empty(0, np.uint8))
                seek_indexes.append(np.empty(0, np.uint8))
        self.asked.append(asked)
        return encoded, seek_indexes, list(asked.sample_ids), [np.int64(epoch)] * len(ids)


@contextmanager
def _named_failures() -> Iterator[None]:
    """What DALI itself raises gets a name of ours."""
    try:
        yield
    except RuntimeError as error:
        raise BackendFailed(f"DALI failed: {error}") from error


class DaliFeed:
    """A :class:`fastpass.feed.backend.Feed` over a DALI pipeline on the CPU.

    The batches are those of the native backend, bit for bit. Their memory is DALI's, and lives as
    long as a tensor shows it. ``weights``: float32 [len(pack)] for ``Batch.weights``, or None.

    Raises:
        MissingBackend: DALI or torch is not there, our operators cannot be built, or the device is
            not the CPU.
    """

    def __init__(
        self,
        pack: Pack,
        recipe: Recipe,
        order: EpochOrder,
        options: Options,
        weights: npt.NDArray[np.float32] | None,
    ) -> None:
        if parse_device(options.device).type != "cpu":
            raise MissingBackend(
                f"backend='dali' makes batches on the CPU, not on {options.device!r}: use "
                "device='cpu', or backend='native'"
            )
        enable()
        self._native: Any = pack.native
        self._recipe, self._order, self._options = recipe, order, options
        self._num_samples = min(options.batch_size, -(-len(pack) // options.world_size))
        self._delivery = Delivery(options.dtype, has_labels=pack.num_classes > 0, weights=weights)
        self._reader = _BatchReader(pack, order, reads=options.reads)
        self._pipeline: Any = self._built_pipeline()
        self._process = os.getpid()
        self._is_closed = False
        self._num_images = self._decode_nanoseconds = self._augment_nanoseconds = 0

    def _built_pipeline(self) -> Any:
        from nvidia.dali import Pipeline, fn, types

        options, operators = self._options, cast(Any, fn)
        pipeline = Pipeline(
            batch_size=self._num_samples,
            num_threads=options.threads,
            device_id=None,
            # It prepares this many batches; the native backend has one more in the making.
            prefetch_queue_depth=options.ahead(self._recipe, self._num_samples) + 1,
            exec_dynamic=True,
        )
        with pipeline:
            encoded, seek_indexes, sample_ids, epoch = fn.external_source(
                source=self._reader,
                num_outputs=4,
                dtype=[types.UINT8, types.UINT8, types.INT64, types.INT64],
                ndim=[1, 1, 0, 0],
            )
            outputs = operators.fastpass.multi_crop(
                encoded,
                sample_ids,
                seek_indexes,
                recipe=recipe_text(self._recipe),
                epoch=epoch,
                seed=int(np.uint64(options.seed).astype(np.int64)),
                dtype=getattr(types, _DALI_TYPES[options.dtype]),
                output_layout="HWC" if options.memory_format == "channels_last" else "CHW",
                mode=options.mode,
                on_error="report",
                on_damage=options.on_damage,
                orientation=options.orientation,
                max_pixels=options.max_pixels,
                max_scan_blocks=options.max_scan_blocks,
            )
            pipeline.set_outputs(*outputs)
        pipeline.build()
        return pipeline

    # ---- batches ----------------------------------------------------------------------------

    def batches(self, epoch: int, start: int) -> Iterator[MadeBatch]:
        """See Feed. DALI has ``batches_ahead`` and one more before the first is waited for."""
        self._check_open()
        self._forget()
        self._reader.begin(epoch, start)
        self._run()
        for _ in range(self._order.num_batches(start)):
            self._check_open()
            outputs = self._next_outputs()
            asked = self._reader.asked.popleft()
            self._run()  # DALI goes on while the consumer works
            yield self._made(asked, outputs)

    def _run(self) -> None:
        with _named_failures():
            self._pipeline.schedule_run()

    def _next_outputs(self) -> list[npt.NDArray[Any]]:
        with _named_failures():
            shared = self._pipeline.share_outputs()
            outputs = [np.asarray(output.as_tensor()) for output in shared]
            self._pipeline.release_outputs()
        return outputs

    def _forget(self) -> None:
        """Let DALI finish what nobody will ask for, and be ready for another epoch."""
        self._reader.end()
        if self._pipeline is None or self._pipeline._first_iter:
            return
        with _named_failures():
            while not self._pipeline.empty():
                self._pipeline.share_outputs()
                self._pipeline.release_outputs()
            self._pipeline.schedule_run()  # finds that nothing comes
            self._pipeline.reset()

    def _made(self, asked: _Asked, outputs: list[npt.NDArray[Any]]) -> MadeBatch:
        *views, reports = outputs
        errors = self._errors(asked, reports)
        for error in errors.values():
            if self._options.on_error == "raise" or not isinstance(error, _OF_THE_IMAGE):
                raise error
        sample_ids = asked.sample_ids
        skipped: list[tuple[int, Exception]] = [
            (int(sample_ids[place]), error) for place, error in errors.items()
        ]
        kept = [place for place in range(len(sample_ids)) if place not in errors]
        if not kept:
            return MadeBatch(None, 0, skipped)
        positions = asked.positions
        if skipped:
            views = [view[kept] for view in views]
            positions, sample_ids = positions[kept], sample_ids[kept]
        if self._options.memory_format == "channels_last":
            views = [view.transpose(0, 3, 1, 2) for view in views]
        labels = [self._native.label(position) for position in positions.tolist()]
        batch = self._delivery.batch(views, sample_ids, positions, np.array(labels, np.int64))
        return MadeBatch(batch, len(kept), skipped)

    def _errors(self, asked: _Asked, reports: npt.NDArray[np.uint8]) -> dict[int, FastpassError]:
        """Place -> what is wrong with the sample there, in order."""
        errors: dict[int, FastpassError] = {}
        for place, row in enumerate(reports):
            report = Report.from_buffer_copy(row)
            self._decode_nanoseconds += report.decode_nanoseconds
            self._augment_nanoseconds += report.augment_nanoseconds
            error = asked.unread.get(place) or report.error()
            if error is None:
                self._num_images += 1
                continue
            if place not in asked.unread:
                error.add_context(self._native.describe(int(asked.positions[place])))
            errors[place] = error
        return errors

    # ---- the end ----------------------------------------------------------------------------

    def cancel(self) -> None:
        """DALI finishes what it has begun; ``batches`` then throws it away."""

    def close(self) -> None:
        """See Feed. In a fork, where DALI's threads are missing, its pipeline is left alone."""
        if os.getpid() != self._process:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._pipeline))
        self._reader.close()
        self._pipeline = self._native = None
        self._is_closed = True

    def work_done(self) -> WorkDone:
        return WorkDone(
            read_seconds=self._reader.seconds,
            decode_seconds=self._decode_nanoseconds * 1e-9,
            augment_seconds=self._augment_nanoseconds * 1e-9,
            num_images=self._num_images,
        )

    def _check_open(self) -> None:
        if self._is_closed:
            raise Closed("the loader is closed: make a new one")
        if os.getpid() != self._process:
            raise Closed(
                f"this loader was opened in process {self._process}, and this is process "
                f"{os.getpid()}, a fork of it without its threads: open a new one here, or start "
                'the process by "spawn" or "forkserver"'
            )
