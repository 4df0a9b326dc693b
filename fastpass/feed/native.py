"""The native backend: decode once per image, then all its views, on threads without the GIL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass._native import core
from fastpass.augment.native import decode_foreign, sample_options
from fastpass.augment.op_outputs import (
    check_dtype_of_ops,
    named_outputs,
    output_places,
    refuse_ops_on_gpu,
)
from fastpass.augment.recipe import Recipe
from fastpass.errors import Closed
from fastpass.feed.backend import MadeBatch, WorkDone
from fastpass.feed.gpu_delivery import make_delivery
from fastpass.feed.options import Options
from fastpass.feed.order import EpochOrder
from fastpass.feed.read_ahead import ReadAhead
from fastpass.pack import Pack


class NativeFeed:
    """A :class:`fastpass.feed.backend.Feed` over the native FeedEngine.

    ``weights``: float32 [len(pack)] for ``Batch.weights``, or None.

    Raises:
        BadArgument: no such device.
        MissingBackend: torch, or what the device needs, is not there.
        BadViewOp: an operation of the recipe cannot be compiled.
        OutOfMemory: no thread could be started.
    """

    def __init__(
        self,
        pack: Pack,
        recipe: Recipe,
        order: EpochOrder,
        options: Options,
        weights: npt.NDArray[np.float32] | None,
    ) -> None:
        self._order = order
        self._delivery = make_delivery(
            options.device,
            options.dtype,
            has_labels=pack.num_classes > 0,
            weights=weights,
        )
        if self._delivery.gpu is not None:
            refuse_ops_on_gpu(recipe)
        check_dtype_of_ops(recipe, options.dtype)
        self._output_places = output_places(recipe)
        # No more memory than this rank can ever fill.
        num_samples = min(options.batch_size, -(-len(pack) // options.world_size))
        self._batches_ahead = options.ahead(recipe, num_samples)
        self._feed_engine: Any = core.FeedEngine(
            pack.native,
            sample_options(
                recipe,
                mode=options.mode,
                on_damage=options.on_damage,
                orientation=options.orientation,
                max_pixels=options.max_pixels,
                max_scan_blocks=options.max_scan_blocks,
            ),
            batch_size=num_samples,
            num_threads=options.threads,
            dtype=options.dtype,
            seed=options.seed,
            skip_damaged=options.on_error == "skip",
            decoder="auto",
            reads_by_pread=options.reads == "pread",
            channels_last=options.memory_format == "channels_last",
            foreign_decoder=decode_foreign,
            gpu=self._delivery.gpu,
        )
        self._work_done = WorkDone()

    def batches(self, epoch: int, start: int) -> Iterator[MadeBatch]:
        """See Feed. ``batches_ahead`` batches are submitted before the first is waited for."""
        num_batches = self._order.num_batches(start)
        read_ahead = ReadAhead(self._order, epoch=epoch, start=start)
        submitted = 0
        for index in range(num_batches):
            while submitted < min(num_batches, index + 1 + self._batches_ahead):
                positions = self._order.batch(submitted, epoch=epoch, start=start)
                feed_engine = self._open()
                feed_engine.prefetch(read_ahead.ranges(submitted, positions))
                feed_engine.submit(positions.tolist(), epoch)
                submitted += 1
            yield self._wait()

    def _wait(self) -> MadeBatch:
        views, sample_ids, positions, labels, skipped, memory = self._open().wait(
            self._delivery.stream()
        )
        num_images = len(sample_ids)
        if num_images == 0:
            return MadeBatch(None, 0, skipped)
        outputs = named_outputs(self._output_places, memory)
        batch = self._delivery.batch(views, sample_ids, positions, labels, outputs)
        return MadeBatch(batch, num_images, skipped)

    def cancel(self) -> None:
        feed_engine = self._feed_engine
        if feed_engine is not None:
            feed_engine.cancel()

    def close(self) -> None:
        feed_engine = self._feed_engine
        if feed_engine is not None:
            feed_engine.close()
            self._work_done = self.work_done()
            self._feed_engine = None  # with the memory of all batches that nobody holds

    def work_done(self) -> WorkDone:
        feed_engine = self._feed_engine
        return self._work_done if feed_engine is None else WorkDone(**feed_engine.stage_times())

    def _open(self) -> Any:
        if self._feed_engine is None:
            raise Closed("the loader is closed: make a new one")
        return self._feed_engine
