"""A loader for training whose views are torchvision's, made in the training process itself."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from fastpass import Pack
from fastpass.augment import Recipe, ViewSpec
from fastpass.bench.peers.torchvision_pil import pil_transform
from fastpass.errors import BadArgument
from fastpass.feed.cursor import Cursor, Position
from fastpass.feed.order import EpochOrder
from fastpass.train.config import Config
from fastpass.train.data import TrainData, make_recipe, open_data
from fastpass.train.engine import ranks


@dataclass(frozen=True)
class Batch:
    views: list[torch.Tensor]  # one float32 [N, 3, size, size] per view of the recipe
    sample_ids: torch.Tensor  # int64 [N]


class TorchvisionLoader:
    """What training needs of a loader (fastpass.train.data.Loader), on the CPU.

    The samples come in the order of fastpass.Loader with the same arguments, so that two runs
    differ in how the views are made and in nothing else. Views depend on (seed, epoch, sample_id).
    Raises BadArgument for a view with a center crop or a blur that is not Pillow's.
    """

    def __init__(
        self,
        pack: Pack,
        recipe: Recipe,
        *,
        batch_size: int,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self._pack = pack
        for view in recipe.views:
            _refuse_other_steps(view)
        self._transforms = [pil_transform(view) for view in recipe.views]
        self._order = EpochOrder(
            size=len(pack), batch_size=batch_size, rank=rank, world_size=world_size, seed=seed,
            shuffle=True, drop_last=True,
        )  # fmt: skip
        self._cursor = Cursor(self._order)

    def __len__(self) -> int:
        return self._order.num_batches()

    def __iter__(self) -> Iterator[Batch]:
        return self._run_epoch(self._cursor.begin())

    def _run_epoch(self, ticket: int) -> Iterator[Batch]:
        position = self._cursor.enter(ticket)
        start = position.samples_done
        try:
            for index in range(self._order.num_batches(start)):
                self._cursor.check(ticket)
                positions = self._order.batch(index, epoch=position.epoch, start=start)
                batch = self._batch(positions.tolist(), position.epoch)
                self._cursor.advance(start, index + 1)
                yield batch
        finally:
            self._cursor.leave(ticket)
        self._cursor.finish(ticket)

    def _batch(self, positions: list[int], epoch: int) -> Batch:
        sample_ids = self._pack.sample_ids[positions]
        with _own_draws():
            views = [
                self._views(position, sample_id, epoch)
                for position, sample_id in zip(positions, sample_ids.tolist(), strict=True)
            ]
        stacked = [torch.stack(same) for same in zip(*views, strict=True)]
        return Batch(stacked, torch.from_numpy(sample_ids))

    def _views(self, position: int, sample_id: int, epoch: int) -> list[torch.Tensor]:
        image = Image.open(io.BytesIO(self._pack[position].data)).convert("RGB")
        key = [self._order.seed, epoch, sample_id % 2**64]
        (seed,) = np.random.SeedSequence(key).generate_state(1, dtype=np.uint64)
        random.seed(int(seed))
        # Not torch.manual_seed: that notes the call for every kind of device, with a traceback.
        torch.default_generator.manual_seed(int(seed))
        return [transform(image) for transform in self._transforms]

    def set_epoch(self, epoch: int) -> None:
        self._cursor.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        return asdict(self._cursor.position)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._cursor.restore(Position(**state))

    def close(self) -> None:
        pass


def _refuse_other_steps(view: ViewSpec) -> None:
    if view.crop != "random":
        raise BadArgument(f"crop = {view.crop!r}: only random crops are made here")
    if view.blur is not None and view.blur.kind != "pillow":
        raise BadArgument(f"blur.kind = {view.blur.kind!r}: only Pillow's blur is made here")


@contextmanager
def _own_draws() -> Iterator[None]:
    """Torchvision draws from the process's generators: put them back as training left them."""
    state = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(state)


def open_torchvision_data(config: Config, pattern: str, device: torch.device) -> TrainData:
    """fastpass.train.data.open_data with a TorchvisionLoader in the place of fastpass's."""
    data = open_data(config, pattern, device)
    data.loader.close()
    loader = TorchvisionLoader(
        Pack(pattern),
        make_recipe(config),
        batch_size=config.data.batch_size,
        seed=config.train.seed,
        rank=ranks.rank(),
        world_size=ranks.world_size(),
    )
    return replace(data, loader=loader)
