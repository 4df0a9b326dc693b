"""The native loader: decode once per image, then all its views, on threads without the GIL."""

from __future__ import annotations

import functools
import hashlib
import logging
import time
import weakref
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal

import numpy.typing as npt

from fastpass._native import core
from fastpass.augment.native import native_spec
from fastpass.augment.recipe import Recipe
from fastpass.common.checks import require_integer, require_type
from fastpass.decode.image import decode_image
from fastpass.decode.jpeg import MAX_PIXELS, MAX_THREADS
from fastpass.errors import BadPack, Closed, ConfigError
from fastpass.feed.batch import Batch
from fastpass.feed.device_delivery import make_delivery
from fastpass.feed.options import (
    Dtype,
    MemoryFormat,
    Order,
    Reads,
    batch_bytes,
    check_choices,
    checked_weights,
    default_batches_ahead,
)
from fastpass.feed.order import EpochOrder
from fastpass.feed.read_ahead import ReadAhead
from fastpass.feed.stats import LoaderStats
from fastpass.feed.world import fair_share_of_processors, rank_and_world_size
from fastpass.pack import Pack
from fastpass.pack.sources import Source

_log = logging.getLogger("fastpass")


class Loader:
    """Batches of augmented views from plain image folders and tar shards.

    The views of a sample depend on (seed, epoch, sample_id, view) alone: not on threads, ranks,
    batch size, device, or a restart.

    Args:
        source: a :class:`fastpass.Pack`, or anything its constructor takes.
        recipe: which views to make (:mod:`fastpass.augment.recipes`).
        batch_size: samples per batch and rank.
        device: "cpu", or a CUDA device ("cuda", "cuda:1"): compressed bytes go there, images are
            decoded and views rendered on it, bit for bit as on the CPU; ``threads`` read files and
            headers. "twin": the CPU in the place of a GPU, for tests.
        backend: "native".
        seed: of the order and of the views, 0 to 2**64 - 1.
        shuffle: a new order every epoch; else the source's order.
        order: of a shuffled epoch. "random": a keyed permutation of all samples. "quasi_random":
            for spinning disks and network storage, random among 64 runs of 32 neighbors at a time
            (:mod:`fastpass.feed.quasi_random`).
        reads: of tars. "mmap": a mapping, without a copy. "pread": by system calls, better on
            network storage, and an error where a mapping of a file that shrinks would end the
            process. Folders are always read by system calls. Either way the storage is asked for
            the coming batches ahead.
        rank, world_size: default: torch.distributed if it runs, else RANK and WORLD_SIZE.
        threads: default: this process's processors shared among the ranks of this machine.
        drop_last: leave out the samples that do not fill a global batch. Without it the last
            batch is smaller, and evenly shared among ranks (see :class:`EpochOrder`).
        dtype: "float32", "float16", "bfloat16": normalized; "uint8": the pixels as they are.
        mode: "exact" rounds as Pillow and torchvision do; "fast" does so as well, but decodes
            images from which all views are cut at least 2, 4 or 8 times as large as they are at
            1/2, 1/4 or 1/8 (DCT scaling).
        memory_format: of the views, "contiguous" or "channels_last" (as torch has it: the shape
            stays [N, 3, size, size]).
        on_error: "raise" ends the iteration with the first damaged sample's error; "skip" leaves
            damaged samples out of their batch, counts them and reports each (``skipped``). Only
            what the views of an epoch need is decoded: damage elsewhere in the image is not met.
            Storage that fails, a pack that changed and lack of memory end the iteration always.
        weights: float [len(pack)], one per sample by position; comes back as ``Batch.weights``.
        batches_ahead: batches prepared before the consumer asks; default 2, or 1 where a batch is
            above 128 MiB. Memory: ``batches_ahead + 2`` batches of
            ``batch_size * sum(3 * size**2) * bytes per value``, each view rounded up to 2 MiB
            (one batch is in the consumer's hands, one is freed when it takes the next), and per
            thread one decoded image with its scratch. A consumer that keeps batches adds those.
        max_pixels: images that declare more are refused before memory is taken.
    """

    def __init__(
        self,
        source: Pack | Source,
        recipe: Recipe,
        *,
        batch_size: int,
        device: str = "cpu",
        backend: str = "native",
        seed: int = 0,
        shuffle: bool = True,
        rank: int | None = None,
        world_size: int | None = None,
        threads: int | None = None,
        drop_last: bool = True,
        dtype: Dtype = "float32",
        mode: Literal["fast", "exact"] = "fast",
        order: Order = "random",
        reads: Reads = "mmap",
        memory_format: MemoryFormat = "contiguous",
        weights: npt.ArrayLike | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        batches_ahead: int | None = None,
        max_pixels: int = core.DEFAULT_MAX_PIXELS,
    ) -> None:
        threads = fair_share_of_processors() if threads is None else threads
        check_choices(
            backend=backend,
            dtype=dtype,
            mode=mode,
            on_error=on_error,
            order=order,
            reads=reads,
            memory_format=memory_format,
        )
        require_type("recipe", recipe, Recipe)
        require_integer("batch_size", batch_size, 1, 2**20)
        require_integer("threads", threads, 1, MAX_THREADS)
        if batches_ahead is not None:
            require_integer("batches_ahead", batches_ahead, 1, 1024)
        require_integer("max_pixels", max_pixels, 1, MAX_PIXELS)
        require_integer("seed", seed, 0, 2**64 - 1)
        rank, world_size = rank_and_world_size(rank, world_size)
        self.pack = source if isinstance(source, Pack) else Pack(source)
        self.recipe = recipe
        self._order = EpochOrder(
            size=len(self.pack),
            batch_size=batch_size,
            rank=rank,
            world_size=world_size,
            seed=seed,
            shuffle=shuffle,
            drop_last=drop_last,
            order=order,
            shard_begins=self.pack.shard_begins,
        )
        if self._order.num_batches() == 0:
            raise BadPack(
                f"{len(self.pack)} samples do not fill one global batch of "
                f"{self._order.global_batch} (batch_size {batch_size} x world_size {world_size}): "
                "lower batch_size or pass drop_last=False"
            )
        self._delivery = make_delivery(
            device,
            dtype,
            has_labels=self.pack.num_classes > 0,
            weights=None if weights is None else checked_weights(weights, len(self.pack)),
        )
        # No more rows than this rank can ever fill.
        num_rows = min(batch_size, -(-len(self.pack) // world_size))
        self._batches_ahead = batches_ahead or default_batches_ahead(
            batch_bytes(recipe, num_rows, dtype)
        )
        self._engine = core.Engine(
            self.pack.native,
            views=[native_spec(view) for view in recipe.views],
            batch_size=num_rows,
            num_threads=threads,
            dtype=dtype,
            seed=seed,
            skip_damaged=on_error == "skip",
            max_pixels=max_pixels,
            decoder="auto",
            reads_by_pread=reads == "pread",
            channels_last=memory_format == "channels_last",
            may_scale=mode == "fast",
            foreign_decoder=_decode_foreign,
            gpu=self._delivery.gpu,
        )
        self._finalizer = weakref.finalize(self, self._engine.close)
        self._epoch = 0
        self._samples_done = 0  # of this epoch, over all ranks, as of the last batch handed out
        self._is_resumed = False  # the next iteration continues instead of starting the epoch
        self._is_asked_for = False  # set_epoch wants this one, even if none of it is left
        self._iteration = 0
        self._is_running = False  # the newest iteration has begun
        self._skipped: dict[int, str] = {}
        self._num_images = self._num_batches = self._num_skipped = 0
        self._seconds = self._wait_seconds = 0.0

    # ---- iteration --------------------------------------------------------------------------

    def __len__(self) -> int:
        """Batches per epoch, the same on every rank."""
        return self._order.num_batches()

    def __iter__(self) -> Iterator[Batch]:
        """One epoch, or the rest of one right after ``load_state_dict``.

        At its end the epoch number moves on by itself, so a loop without ``set_epoch`` sees new
        views and a new order each time; also one that counts ``len(loader)`` batches and never
        asks for the end, and one that resumes just there.
        """
        if not self._finalizer.alive:
            raise Closed("the loader is closed: make a new one")
        if self._is_left_behind():
            self._epoch, self._samples_done = self._epoch + 1, 0
            require_integer("epoch", self._epoch, 0, 2**32 - 1)
        elif not self._is_resumed:
            self._samples_done = 0
        self._iteration += 1
        self._engine.cancel()
        return self._run_epoch(self._iteration)

    def _run_epoch(self, iteration: int) -> Iterator[Batch]:
        start, epoch = self._samples_done, self._epoch
        num_batches = self._order.num_batches(start)
        read_ahead = ReadAhead(self._order, epoch=epoch, start=start)
        submitted = 0
        self._is_running = True
        try:
            for index in range(num_batches):
                if iteration != self._iteration:
                    raise Closed(
                        "a newer iteration over this loader was started, or it was moved to "
                        "another epoch: use a new iteration"
                    )
                while submitted < min(num_batches, index + 1 + self._batches_ahead):
                    positions = self._order.batch(submitted, epoch=epoch, start=start)
                    self._engine.prefetch(read_ahead.ranges(submitted, positions))
                    self._engine.submit(positions.tolist(), epoch)
                    submitted += 1
                batch = self._next_batch(epoch)
                done = start + (index + 1) * self._order.global_batch
                self._samples_done = min(done, self._order.size)
                # Not before: frameworks call iter() more than once.
                self._is_resumed = self._is_asked_for = False
                if batch is None:
                    continue
                handed_out = time.perf_counter()
                yield batch
                self._seconds += time.perf_counter() - handed_out
        finally:
            if iteration == self._iteration:
                self._is_running = False
                if self._finalizer.alive:
                    self._engine.cancel()
        self._epoch, self._samples_done = epoch + 1, 0
        self._is_resumed = self._is_asked_for = False

    def _next_batch(self, epoch: int) -> Batch | None:
        asked = time.perf_counter()
        views, sample_ids, positions, labels, skipped = self._engine.wait(self._delivery.stream())
        waited = time.perf_counter() - asked
        self._seconds += waited
        self._wait_seconds += waited
        self._num_batches += 1
        self._num_images += len(sample_ids)
        self._report_skipped(skipped)
        if len(sample_ids) == 0:
            if self._order.world_size > 1:
                raise BadPack(
                    f"every sample of a batch on rank {self._order.rank} in epoch {epoch} is "
                    "damaged, and the other ranks cannot go on without it: remove the samples "
                    "listed in Loader.skipped from the source"
                )
            return None
        return self._delivery.batch(views, sample_ids, positions, labels)

    def _report_skipped(self, skipped: list[tuple[int, Exception]]) -> None:
        self._num_skipped += len(skipped)
        for sample_id, reason in skipped:
            if sample_id not in self._skipped:
                _log.warning("skipped sample %d: %s", sample_id, reason)
                self._skipped[sample_id] = f"{type(reason).__name__}: {reason}"

    # ---- where we are -----------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """The epoch of the last batch; between iterations, of the next."""
        return self._epoch + (self._is_resumed and self._is_left_behind())

    def _is_left_behind(self) -> bool:
        """Nothing is left of this epoch, and nobody wants to hear that."""
        is_over = self._order.num_batches(self._samples_done) == 0
        return is_over and not self._is_asked_for

    @functools.cached_property
    def _fingerprint(self) -> str:
        return self.pack.fingerprint

    @functools.cached_property
    def _shards(self) -> str:
        """A hash of where shards begin, which the quasi-random order depends on; else empty."""
        if not self._order.shuffle or self._order.order == "random":
            return ""
        return hashlib.sha256(repr(self.pack.shard_begins).encode()).hexdigest()[:16]

    @property
    def skipped(self) -> dict[int, str]:
        """Damaged samples left out so far: sample_id -> reason."""
        return dict(self._skipped)

    @property
    def sampler(self) -> Loader:
        """The loader itself: where Lightning looks for the ``set_epoch`` that it calls."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of an epoch; no change if the loader is in it (a resumed one stays)."""
        require_integer("epoch", epoch, 0, 2**32 - 1)
        if epoch != self._epoch:
            self._leave_running_iteration()
            self._epoch, self._samples_done, self._is_resumed = epoch, 0, False
        self._is_asked_for = True

    def _leave_running_iteration(self) -> None:
        """It must not move the position any more; asked for a batch, it raises Closed."""
        if self._is_running:
            self._iteration += 1
            self._is_running = False
            self._engine.cancel()

    def state_dict(self) -> dict[str, Any]:
        """Plain JSON-able values: which samples of which epoch were handed out, and of what."""
        return {
            "epoch": self._epoch,
            "samples_done": self._samples_done,
            "seed": self._order.seed,
            "shuffle": self._order.shuffle,
            "order": self._order.order,
            "fingerprint": self._fingerprint,
            "shards": self._shards,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue exactly there: the next iteration begins with the batch after the last one.

        Batch size and world size may differ from those of the saved run; seed, shuffling, order
        and data may not.

        Raises:
            ConfigError: naming every key that differs.
        """
        require_type("state", state, dict)
        mine = self.state_dict()
        # What a state without them has: they came later, with the quasi-random order.
        state = {"order": "random", "shards": "", **state}
        missing = [key for key in mine if key not in state]
        if missing:
            raise ConfigError(f"the loader's state lacks {', '.join(missing)}")
        require_integer("epoch", state["epoch"], 0, 2**32 - 1)
        require_integer("samples_done", state["samples_done"], 0, self._order.size)
        different = [
            f"{key} (saved {state.get(key)!r}, here {mine[key]!r})"
            for key in ("seed", "shuffle", "order", "fingerprint", "shards")
            if state.get(key) != mine[key]
        ]
        if different:
            raise ConfigError(f"this loader cannot continue that run: {'; '.join(different)}")
        self._leave_running_iteration()
        self._epoch, self._samples_done = state["epoch"], state["samples_done"]
        self._is_resumed, self._is_asked_for = True, False

    def stats(self) -> LoaderStats:
        """Counts and times since the loader was made."""
        times = self._engine.stage_times()
        return LoaderStats(
            num_images=self._num_images,
            num_batches=self._num_batches,
            num_skipped=self._num_skipped,
            seconds=self._seconds,
            wait_seconds=self._wait_seconds,
            read_seconds=times["read_seconds"],
            decode_seconds=times["decode_seconds"],
            augment_seconds=times["augment_seconds"],
            num_slots=times["num_slots"],
            num_rendered=times["num_images"],
        )

    # ---- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """End the threads. Batches already handed out stay valid."""
        self._finalizer()

    def __enter__(self) -> Loader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _decode_foreign(data: bytes, max_pixels: int) -> Any:
    return decode_image(data, max_pixels=max_pixels)
