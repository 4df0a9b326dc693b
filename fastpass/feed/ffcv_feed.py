"""The FFCV backend: a stock Loader of FFCV over one .beton, with our decoder in its pipeline."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import torch
from ffcv.loader import Loader
from ffcv.pipeline.operation import Operation
from ffcv.reader import Reader
from ffcv.types import FieldDescType, HeaderType

from fastpass.augment.recipe import Recipe
from fastpass.common.gpu import parse_device
from fastpass.errors import BackendFailed, MissingBackend
from fastpass.feed.backend import MadeBatch, OpenHere, WorkDone
from fastpass.feed.ffcv_field import FastpassField
from fastpass.feed.ffcv_memory import RecycledMemory
from fastpass.feed.ffcv_operations import MultiCropDecoder
from fastpass.feed.options import Options
from fastpass.feed.order import EpochOrder
from fastpass.feed.permutation import Positions
from fastpass.feed.reported import ReportedBatches
from fastpass.pack import Pack
from fastpass.pack.beton_format import is_our_field

_SECONDS_TO_NEXT_LOOK = 0.01


class FfcvFeed:
    """A :class:`fastpass.feed.backend.Feed` over FFCV's Loader on the CPU.

    The batches are those of the native backend, bit for bit. FFCV writes each into memory of ours,
    which is used again when no tensor shows it any more. ``weights``: float32 [len(pack)] for
    ``Batch.weights``, or None.

    Raises:
        MissingBackend: FFCV cannot do what is asked: the source is not one .beton, the device is
            not the CPU, or reads are not by mapping.
    """

    def __init__(
        self,
        pack: Pack,
        recipe: Recipe,
        order: EpochOrder,
        options: Options,
        weights: npt.NDArray[np.float32] | None,
    ) -> None:
        _refuse_what_ffcv_cannot(pack, options)
        self._recipe, self._order, self._options = recipe, order, options
        self._num_samples = min(options.batch_size, -(-len(pack) // options.world_size))
        self._reported = ReportedBatches(pack, recipe, options, weights)
        self._decoder = MultiCropDecoder(
            recipe,
            seed=options.seed,
            dtype=options.dtype,
            normalize=options.dtype != "uint8",
            layout="HWC" if options.memory_format == "channels_last" else "CHW",
            mode=options.mode,
            on_error="report",
            on_damage=options.on_damage,
            orientation=options.orientation,
            max_pixels=options.max_pixels,
            max_scan_blocks=options.max_scan_blocks,
        )
        self._memories: list[RecycledMemory] = []
        self._rows_of_epoch: Positions = np.empty(0, np.int64)
        self._loader: Any = self._made_loader(pack.paths[0])
        self._rows = _rows_of(pack, self._loader.reader)
        self._iterator: Any = None
        self._open_here = OpenHere()

    def _made_loader(self, path: str) -> Any:
        decoder, options, recipe = self._decoder, self._options, self._recipe
        image, others = _fields_of(path)
        pipelines: dict[str, list[Operation] | None] = dict.fromkeys(others)
        pipelines[image] = [decoder]  # alone: its memory, with all arrays and the reports
        with _kept_torch_threads():
            loader = Loader(
                path,
                batch_size=self._num_samples,
                num_workers=min(options.threads, _most_threads()),
                os_cache=True,
                pipelines=pipelines,
                custom_fields={image: FastpassField},
                drop_last=False,
                batches_ahead=options.ahead(recipe, self._num_samples),
            )
        loader.next_traversal_order = lambda: self._rows_of_epoch
        self._use_memory_again(loader.graph)
        return loader

    def _use_memory_again(self, graph: Any) -> None:
        """FFCV asks its graph for memory at the start of every epoch: it gets ours."""
        requirements = graph.collect_requirements

        def allocate_memory(batch_size: int, num_slots: int) -> dict[str, dict[int, Any]]:
            queries, _ = requirements()
            if not self._memories:
                (wanted,) = (q for q in queries["operation"].values() if q is not None)
                self._memories = [RecycledMemory(batch_size, query.shape[0]) for query in wanted]
            nodes = {
                node: None if query is None else tuple(self._memories)
                for node, query in queries["operation"].items()
            }
            return {"operation": nodes, "shared": dict.fromkeys(queries["shared"])}

        graph.allocate_memory = allocate_memory

    # ---- batches ----------------------------------------------------------------------------

    def batches(self, epoch: int, start: int) -> Iterator[MadeBatch]:
        """See Feed. FFCV begins with all of them; nothing is made before."""
        self._open_here.check()
        self._stop()
        positions = [
            self._order.batch(index, epoch=epoch, start=start)
            for index in range(self._order.num_batches(start))
        ]
        if not positions:
            return
        self._rows_of_epoch = self._rows[np.concatenate(positions)]
        self._loader.first_traversal_order = self._rows_of_epoch  # its length is the epoch's
        self._decoder.set_epoch(epoch)
        with _kept_torch_threads():
            self._iterator = iter(self._loader)
        for of_batch in positions:
            self._open_here.check()
            *memory, reports = self._next_memory()
            arrays = [
                values.view(of.dtype).reshape(-1, *of.shape)
                for values, of in zip(memory, self._decoder.arrays, strict=True)
            ]
            yield self._reported.made(arrays, reports, of_batch, {})

    def _next_memory(self) -> tuple[npt.NDArray[Any], ...]:
        """As ``next`` of FFCV's iterator, which waits for ever where FFCV's thread has failed."""
        queue = self._iterator.output_queue
        while True:
            is_alive = self._iterator.is_alive()  # before the look: it may end with a last batch
            try:
                _, (memory,) = queue.get(timeout=_SECONDS_TO_NEXT_LOOK if not is_alive else 1.0)
            except Empty:
                if not is_alive:
                    raise BackendFailed(
                        "FFCV's thread has ended before its last batch; what it raised is on stderr"
                    ) from None
            else:
                made: tuple[npt.NDArray[Any], ...] = memory
                return made

    def _stop(self) -> None:
        """Wait until FFCV's thread, which may be in the middle of a batch, has ended."""
        iterator, self._iterator = self._iterator, None
        if iterator is None:
            return
        iterator.iter_ixes = iter(())  # what is left of the epoch: FFCV itself would go on
        iterator.close()
        while iterator.is_alive():
            try:
                iterator.output_queue.get(timeout=_SECONDS_TO_NEXT_LOOK)
            except Empty:
                iterator.join(_SECONDS_TO_NEXT_LOOK)

    # ---- the end ----------------------------------------------------------------------------

    def cancel(self) -> None:
        """See Feed."""
        if self._open_here.is_own_process:
            self._stop()

    def close(self) -> None:
        """See Feed. In a fork, where FFCV's thread is missing, nobody waits for it."""
        if self._open_here.is_own_process:
            self._stop()
        else:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._iterator))
        self._loader = self._iterator = None
        self._reported.close()
        self._open_here.close()

    def work_done(self) -> WorkDone:
        """FFCV reads by mapping: the time that takes is part of decoding."""
        num_slots = max((memory.num_made for memory in self._memories), default=0)
        return self._reported.work_done(read_seconds=0.0, num_slots=num_slots)


def _most_threads() -> int:
    """As many as there are processors; numba takes no more."""
    config: Any = numba.config
    return int(config.NUMBA_NUM_THREADS)


@contextmanager
def _kept_torch_threads() -> Iterator[None]:
    """FFCV sets torch's number of threads to that of its own; it stays what the user wants."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _refuse_what_ffcv_cannot(pack: Pack, options: Options) -> None:
    if parse_device(options.device).type != "cpu":
        raise MissingBackend(
            f"backend='ffcv' makes batches on the CPU, not on {options.device!r}: use "
            "device='cpu', or backend='native'"
        )
    if len(pack.paths) != 1 or not pack.paths[0].lower().endswith(".beton"):
        shown = pack.paths[0] if len(pack.paths) == 1 else f"{len(pack.paths)} files"
        raise MissingBackend(
            f"backend='ffcv' reads one .beton, and the source is {shown}: write one with "
            "`fastpass pack SOURCE --to beton -o FILE.beton`, or use backend='native', which "
            "reads sources as they lie"
        )
    if options.reads != "mmap":
        raise MissingBackend(
            f"backend='ffcv' reads through a mapping of the file, not by {options.reads!r}: use "
            "reads='mmap', or backend='native'"
        )


def _fields_of(path: str) -> tuple[str, list[str]]:
    """The name of the field with the images, and those of all others.

    Raises MissingBackend for a file that `fastpass pack` has not written.
    """
    (header,) = np.fromfile(path, HeaderType, 1)
    fields = np.fromfile(path, FieldDescType, int(header["num_fields"]), offset=HeaderType.itemsize)
    names = [bytes(name).rstrip(b"\0") for name in fields["name"]]
    is_ours = is_our_field(fields["arguments"][0].tobytes())
    if names != [b"image", b"label", b"sample_id"] or not is_ours:
        raise _unknown(path)
    return "image", ["label", "sample_id"]


def _rows_of(pack: Pack, reader: Reader) -> Positions:
    """int64 [len(pack)]: the row of each sample in the file; some rows may be left out."""
    stored = reader.metadata["f2"]  # sample_id
    order = np.argsort(stored)
    places = np.searchsorted(stored[order], pack.sample_ids)
    rows: Positions = order[np.minimum(places, len(order) - 1)]
    if not np.array_equal(stored[rows], pack.sample_ids):
        raise _unknown(pack.paths[0])
    return rows


def _unknown(path: str) -> MissingBackend:
    return MissingBackend(
        f"{path}: backend='ffcv' reads what `fastpass pack --to beton` writes, and this is another "
        "file: use backend='native', or MultiCropDecoder in FFCV's own Loader"
    )
