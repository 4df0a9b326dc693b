"""The DALI backend: a pipeline of NVIDIA DALI decodes and renders, by our operator in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastpass.augment.recipe import Recipe
from fastpass.augment.request import recipe_text
from fastpass.common.gpu import parse_device
from fastpass.errors import BackendFailed, MissingBackend
from fastpass.feed.backend import MadeBatch, OpenHere, WorkDone
from fastpass.feed.dali_operators import enable
from fastpass.feed.dali_reader import BatchReader, ReadBatch
from fastpass.feed.options import Options
from fastpass.feed.order import EpochOrder
from fastpass.feed.reported import ReportedBatches
from fastpass.pack import Pack

_MOST_READERS = 8  # threads
_DALI_TYPES = {"float32": "FLOAT", "float16": "FLOAT16", "bfloat16": "UINT16", "uint8": "UINT8"}


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
        self._recipe, self._order, self._options = recipe, order, options
        self._num_samples = min(options.batch_size, -(-len(pack) // options.world_size))
        self._reported = ReportedBatches(pack, recipe, options, weights)
        self._reader = BatchReader(
            pack, order, reads=options.reads, num_threads=min(options.threads, _MOST_READERS)
        )
        self._in_dali: deque[ReadBatch] = deque()  # in the order that DALI gives them back
        self._is_pipeline_used = False
        self._pipeline: Any = self._built_pipeline()
        self._open_here = OpenHere()
        self._memories: set[int] = set()  # addresses of all first views

    def _built_pipeline(self) -> Any:
        from nvidia.dali import fn, types

        from fastpass.feed.dali_pipeline import OwnPipeline

        options, operators = self._options, cast(Any, fn)
        pipeline = OwnPipeline(
            batch_size=self._num_samples,
            num_threads=options.threads,
            device_id=None,
            # It prepares this many batches; the native backend has one more in the making.
            prefetch_queue_depth=options.ahead(self._recipe, self._num_samples) + 1,
            exec_dynamic=True,
        )
        with pipeline:
            encoded, seek_indexes, sample_ids, epoch = fn.external_source(
                source=self._next_inputs,
                num_outputs=4,
                no_copy=True,
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

    def _next_inputs(self) -> tuple[Any, ...]:
        """What DALI reads: in the memory of a batch that is kept until its views come back."""
        batch = self._reader.next()
        self._in_dali.append(batch)
        return batch.encoded, batch.seek_indexes, batch.sample_ids, batch.epochs

    # ---- batches ----------------------------------------------------------------------------

    def batches(self, epoch: int, start: int) -> Iterator[MadeBatch]:
        """See Feed. DALI has ``batches_ahead`` and one more before the first is waited for."""
        self._open_here.check()
        self._forget()
        self._reader.begin(epoch, start)
        self._run()
        for _ in range(self._order.num_batches(start)):
            self._open_here.check()
            outputs = self._next_outputs()
            read = self._in_dali.popleft()
            self._run()  # DALI goes on while the consumer works
            yield self._made(read, outputs)

    def _run(self) -> None:
        self._is_pipeline_used = True
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
        if not self._is_pipeline_used:
            return
        with _named_failures():
            while not self._pipeline.empty():
                self._pipeline.share_outputs()
                self._pipeline.release_outputs()
            self._pipeline.schedule_run()  # finds that nothing comes
            self._pipeline.reset()
        self._in_dali.clear()

    def _made(self, read: ReadBatch, outputs: list[npt.NDArray[Any]]) -> MadeBatch:
        *arrays, reports = outputs
        self._memories.add(arrays[0].ctypes.data)
        return self._reported.made(arrays, reports, read.positions, read.unread)

    # ---- the end ----------------------------------------------------------------------------

    def cancel(self) -> None:
        """DALI finishes what it has begun; ``batches`` then throws it away."""

    def close(self) -> None:
        """See Feed. In a fork, where all threads are missing, DALI's pipeline is left alone."""
        if self._open_here.is_own_process:
            self._reader.close()
        self._pipeline = None  # waits for what DALI has begun
        self._reported.close()
        self._in_dali.clear()
        self._open_here.close()

    def work_done(self) -> WorkDone:
        return self._reported.work_done(
            read_seconds=self._reader.seconds, num_slots=len(self._memories)
        )
