"""The loader: batches of views in a keyed order, from whichever backend makes them."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import weakref
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import numpy.typing as npt

from fastpass._native import core
from fastpass.augment.recipes.named import RecipeLike, as_recipe
from fastpass.common.checks import require_type, shown
from fastpass.decode.settings import OnDamage, Orientation
from fastpass.errors import BadPack, Closed, ConfigError
from fastpass.feed.backend import Feed, MadeBatch
from fastpass.feed.batch import Batch
from fastpass.feed.cursor import Cursor, Position
from fastpass.feed.data_state import DataState
from fastpass.feed.native import NativeFeed
from fastpass.feed.options import (
    Dtype,
    MemoryFormat,
    Mode,
    OnError,
    Options,
    Order,
    Reads,
    checked_weights,
    draws_at_random,
)
from fastpass.feed.order import EpochOrder
from fastpass.feed.stats import LoaderStats
from fastpass.feed.tally import Tally
from fastpass.feed.world import fair_share_of_processors, rank_and_world_size
from fastpass.pack import Pack
from fastpass.pack.sources import Source

_log = logging.getLogger("fastpass")

# Keys of a state that came in later versions.
_LATER_KEYS = ("shards", "content", "written", "tars", "view_ops")
# What a loader makes anew in another process.
_OPENED = ("_order", "_cursor", "_data", "_tally", "_feed", "_finalizer", "_shards")


class Loader:
    """Batches of augmented views from plain image folders and tar shards.

    The views of a sample depend on (seed, epoch, sample_id, view) alone: not on threads, ranks,
    batch size, device, or a restart.

    Args:
        source: a :class:`fastpass.Pack`, or anything its constructor takes.
        recipe: which views to make: a Recipe, the name of a published one ("dino"), or a FILE.toml
            (:mod:`fastpass.augment.recipes`).
        batch_size: samples per batch and rank.
        device: "cpu", or a CUDA device ("cuda", "cuda:1"): compressed bytes go there, images are
            decoded and views rendered on it, bit for bit as on the CPU; ``threads`` read files and
            headers.
        backend: "native"; "dali" and "ffcv" make the same batches on the CPU (docs/feed.md).
        seed: of the order and of the views, 0 to 2**64 - 1.
        shuffle: a new order every epoch; else the source's order. Default: yes, but not where the
            recipe draws nothing at random (``recipes.evaluation()``).
        order: of a shuffled epoch. "random": a keyed permutation of all samples. "quasi_random":
            for spinning disks and network storage, random among 64 runs of 32 neighbors at a time
            (:mod:`fastpass.feed.quasi_random`).
        reads: of tars. "mmap": a mapping, without a copy. "pread": by system calls, better on
            network storage, and an error where a mapping of a file that shrinks would end the
            process. Folders are always read by system calls. Either way the storage is asked for
            the coming batches ahead.
        rank, world_size: default: torch.distributed if it runs, else RANK and WORLD_SIZE.
        threads: default: this process's processors shared among the ranks of this machine.
        drop_last: leave out the samples that do not fill a global batch. Without it every sample
            comes exactly once: the ranks share the last global batch, and some get a sample less
            or no batch at all. Default: as for ``shuffle``.
        pad_last: fill the last global batch up with the epoch's first samples instead, so that
            every rank gets the same number of samples: for code that waits for all ranks at every
            batch. Some samples then come twice.
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
        on_damage: of JPEGs whose image data are damaged or cut off. "raise": the sample is
            damaged. "fill": what cannot be decoded is filled as Pillow and torchvision fill it, and
            the sample is used; ``on_error`` is about what cannot be decoded at all.
        orientation: "apply" turns images as their EXIF orientation asks before boxes are drawn in
            them; "ignore" takes them as they are stored, as PASS, ImageNet and the published
            recipes do.
        weights: float [len(pack)], one per sample by position; comes back as ``Batch.weights``.
        batches_ahead: batches prepared before the consumer asks; default 2, or 1 where a batch is
            above 128 MiB. Memory: ``batches_ahead + 2`` batches of
            ``batch_size * sum(3 * size**2) * bytes per value``, each view rounded up to 2 MiB
            (one batch is in the consumer's hands, one is freed when it takes the next), and per
            thread one decoded image with its scratch. A consumer that keeps batches adds those.
        max_pixels: images that declare more are refused before memory is taken.
        max_scan_blocks: as for ``fastpass.decode_jpeg``.
    """

    def __init__(
        self,
        source: Pack | Source,
        recipe: RecipeLike,
        *,
        batch_size: int,
        device: str = "cpu",
        backend: str = "native",
        seed: int = 0,
        shuffle: bool | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        threads: int | None = None,
        drop_last: bool | None = None,
        pad_last: bool = False,
        dtype: Dtype = "float32",
        mode: Mode = "fast",
        order: Order = "random",
        reads: Reads = "mmap",
        memory_format: MemoryFormat = "contiguous",
        weights: npt.ArrayLike | None = None,
        on_error: OnError = "raise",
        on_damage: OnDamage = "raise",
        orientation: Orientation = "ignore",
        batches_ahead: int | None = None,
        max_pixels: int = core.DEFAULT_MAX_PIXELS,
        max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
    ) -> None:
        self.recipe = as_recipe(recipe)
        is_random = draws_at_random(self.recipe)
        rank, world_size = rank_and_world_size(rank, world_size)
        self._options = Options(
            batch_size=batch_size,
            device=device,
            backend=backend,
            seed=seed,
            shuffle=is_random if shuffle is None else shuffle,
            rank=rank,
            world_size=world_size,
            threads=fair_share_of_processors() if threads is None else threads,
            drop_last=is_random and not pad_last if drop_last is None else drop_last,
            pad_last=pad_last,
            dtype=dtype,
            mode=mode,
            order=order,
            reads=reads,
            memory_format=memory_format,
            on_error=on_error,
            on_damage=on_damage,
            orientation=orientation,
            batches_ahead=batches_ahead,
            max_pixels=max_pixels,
            max_scan_blocks=max_scan_blocks,
        )
        self._owns_pack = not isinstance(source, Pack)
        self.pack = source if isinstance(source, Pack) else Pack(source)
        self._weights = None if weights is None else checked_weights(weights, len(self.pack))
        self._open()
        if self.pack.skipped_files and rank == 0:
            _log.warning("%s: %s", self.pack.paths[0], self.pack.summary)

    def _open(self) -> None:
        self._order = _order_of(self.pack, self._options)
        self._cursor = Cursor(self._order)
        self._data = DataState.of(self.pack)
        self._tally = Tally()
        self._feed: Feed = _feed_class(self._options.backend)(
            self.pack, self.recipe, self._order, self._options, self._weights
        )
        self._finalizer = weakref.finalize(
            self, _close, self._feed, self.pack if self._owns_pack else None
        )

    # ---- iteration --------------------------------------------------------------------------

    def __len__(self) -> int:
        """Batches per epoch on this rank; the same on every rank with drop_last or pad_last."""
        return self._order.num_batches()

    def __iter__(self) -> Iterator[Batch]:
        """One epoch, or the rest of one right after ``load_state_dict``.

        The epoch number moves on by itself, so a loop without ``set_epoch`` sees new views and a
        new order each time, whether it takes all batches, counts ``len(loader)`` of them or leaves
        earlier. The rules in full: :class:`fastpass.feed.cursor.Cursor`.
        """
        if not self._finalizer.alive:
            raise Closed("the loader is closed: make a new one")
        ticket = self._cursor.begin()
        self._feed.cancel()
        return self._run_epoch(ticket)

    def _run_epoch(self, ticket: int) -> Iterator[Batch]:
        position = self._cursor.enter(ticket)
        start = position.samples_done
        batches = self._feed.batches(position.epoch, start)
        try:
            for index in range(self._order.num_batches(start)):
                self._cursor.check(ticket)
                made = self._tally.wait(batches)
                self._refuse_to_strand_others(made, position.epoch)
                self._cursor.advance(start, index + 1)
                if made.batch is not None:
                    with self._tally.consumer():
                        yield made.batch
        finally:
            if self._cursor.leave(ticket):
                self._feed.cancel()
        self._cursor.finish(ticket)

    def _refuse_to_strand_others(self, made: MadeBatch, epoch: int) -> None:
        if made.batch is None and self._order.is_even and self._order.world_size > 1:
            raise BadPack(
                f"every sample of a batch on rank {self._order.rank} in epoch {epoch} is "
                "damaged, and the other ranks cannot go on without it: remove the samples "
                "listed in Loader.skipped from the source"
            )

    # ---- where we are -----------------------------------------------------------------------

    @property
    def options(self) -> Options:
        """What was asked for, with the defaults filled in."""
        return self._options

    @property
    def epoch(self) -> int:
        """The epoch of the last batch; after the end of an epoch, the next one."""
        return self._cursor.epoch

    @functools.cached_property
    def _shards(self) -> str:
        """A hash of where shards begin, which the quasi-random order depends on; else empty."""
        if not self._order.shuffle or self._order.order == "random":
            return ""
        return hashlib.sha256(repr(self.pack.shard_begins).encode()).hexdigest()[:16]

    @functools.cached_property
    def _view_ops(self) -> str:
        """A hash of the operations of the views, with their sources; empty without any."""
        ops = [[(op.name, op.source, op.params) for op in v.ops] for v in self.recipe.views]
        if not any(ops):
            return ""
        return hashlib.sha256(json.dumps(ops).encode()).hexdigest()[:16]

    @property
    def skipped(self) -> dict[int, str]:
        """Damaged samples left out so far: sample_id -> reason."""
        return self._tally.skipped

    @property
    def sampler(self) -> Loader:
        """The loader itself: where Lightning looks for the ``set_epoch`` that it calls."""
        return self

    @property
    def batch_sampler(self) -> None:
        """None, as of a torch DataLoader that is given whole batches: Lightning looks at it."""

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of an epoch; a restored position in that epoch is kept."""
        if self._cursor.set_epoch(epoch):
            self._feed.cancel()

    def state_dict(self) -> dict[str, Any]:
        """Plain JSON-able values: which samples of which epoch were handed out, and of what."""
        return {
            "epoch": self._cursor.position.epoch,
            "samples_done": self._cursor.position.samples_done,
            "seed": self._order.seed,
            "shuffle": self._order.shuffle,
            "order": self._order.order,
            "shards": self._shards,
            "view_ops": self._view_ops,
            **self._data.to_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue exactly there: the next iteration begins with the batch after the last one.

        Batch size and world size may differ from those of the saved run; seed, shuffling, order,
        operations on views and data may not (:class:`fastpass.feed.data_state.DataState` has the
        rule for data).

        Raises:
            ConfigError: naming every key that differs.
        """
        require_type("state", state, dict)
        mine = self.state_dict()
        # What a state without them means: they came in later versions.
        state = {"order": "random", **dict.fromkeys(_LATER_KEYS, ""), **state}
        missing = [key for key in mine if key not in state]
        if missing:
            raise ConfigError(f"the loader's state lacks {', '.join(missing)}")
        different = [
            f"{key} (saved {shown(state[key])}, here {shown(mine[key])})"
            for key in ("seed", "shuffle", "order", "shards", "view_ops")
            if state[key] != mine[key]
        ]
        if data := self._data.difference(state):
            different.append(data)
        if different:
            raise ConfigError(f"this loader cannot continue that run: {'; '.join(different)}")
        if self._cursor.restore(Position(state["epoch"], state["samples_done"])):
            self._feed.cancel()

    def stats(self) -> LoaderStats:
        """Counts and times since the loader was made."""
        return self._tally.stats(self._feed.work_done())

    # ---- other processes, and the end ---------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: a copy reopens the source, and its first iteration goes on after this one's
        last batch. Damaged samples and times are counted anew.

        A loader does not work in a forked process, whose threads it lacks: there it raises Closed.

        Raises Closed.
        """
        if not self._finalizer.alive:
            raise Closed("the loader is closed and cannot be pickled: make a new one")
        kept = {name: it for name, it in self.__dict__.items() if name not in _OPENED}
        return {**kept, "_saved": self.state_dict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        saved = state.pop("_saved")
        self.__dict__.update(state)
        self._open()
        self.load_state_dict(saved)

    def close(self) -> None:
        """End the threads, free the memory, and close the pack if the loader has opened it.

        Batches that were handed out stay valid; counts and the position can still be asked for.
        """
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


def _close(feed: Feed, pack: Pack | None) -> None:
    feed.close()
    if pack is not None:
        pack.close()


def _feed_class(backend: str) -> Callable[..., Feed]:
    """Other libraries are imported when their backend is asked for."""
    if backend == "dali":
        from fastpass.feed.dali_feed import DaliFeed

        return DaliFeed
    if backend == "ffcv":
        from fastpass.feed.ffcv import FfcvFeed

        return FfcvFeed
    return NativeFeed


def _order_of(pack: Pack, options: Options) -> EpochOrder:
    """Raises BadPack where dropping the last batch leaves nothing."""
    order = EpochOrder(
        size=len(pack),
        batch_size=options.batch_size,
        rank=options.rank,
        world_size=options.world_size,
        seed=options.seed,
        shuffle=options.shuffle,
        drop_last=options.drop_last,
        pad_last=options.pad_last,
        order=options.order,
        shard_begins=pack.shard_begins,
    )
    if options.drop_last and order.num_batches() == 0:
        raise BadPack(
            f"{len(pack)} samples do not fill one global batch of {order.global_batch} "
            f"(batch_size {options.batch_size} x world_size {options.world_size}): lower "
            "batch_size or pass drop_last=False"
        )
    return order
