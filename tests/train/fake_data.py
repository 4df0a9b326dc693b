"""A loader without files: images are a function of seed, epoch and sample id alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from fastpass.errors import CorruptImage
from fastpass.train.config import Config
from fastpass.train.data import TrainData
from fastpass.train.engine import ranks

NUM_SAMPLES, SIZE = 48, 16


@dataclass
class FakeBatch:
    views: list[torch.Tensor]
    sample_ids: torch.Tensor


@dataclass
class FakeLoader:
    """Three views (two global of 16 px, one local of 8 px) of ``num_samples`` noisy gratings."""

    batch_size: int
    seed: int = 0
    rank: int = 0
    world_size: int = 1
    num_samples: int = NUM_SAMPLES
    delay_seconds: float = 0.0
    epoch: int = 0
    position: int = 0
    damaged_at: int = 0
    _was_loaded: bool = field(default=False, repr=False)

    def __len__(self) -> int:
        return self.num_samples // (self.batch_size * self.world_size)

    def __iter__(self) -> Iterator[FakeBatch]:
        order = torch.randperm(
            self.num_samples, generator=torch.Generator().manual_seed(self.seed * 1000 + self.epoch)
        )
        while self.position < len(self):
            start = (self.position * self.world_size + self.rank) * self.batch_size
            self.position += 1
            time.sleep(self.delay_seconds)
            if self.position == self.damaged_at:
                raise CorruptImage("image 7 is damaged")
            yield self.batch(order[start : start + self.batch_size])

    def batch(self, sample_ids: torch.Tensor) -> FakeBatch:
        samples = [self._views(int(sample_id)) for sample_id in sample_ids]
        return FakeBatch([torch.stack(views) for views in zip(*samples, strict=True)], sample_ids)

    def _views(self, sample_id: int) -> list[torch.Tensor]:
        noise = torch.Generator().manual_seed((self.seed * 1000 + self.epoch) * 1000 + sample_id)
        ramp = torch.arange(SIZE) * (1 + sample_id % 4)
        grating = torch.sin(ramp[None, :] + (sample_id % 3) * ramp[:, None]).expand(3, SIZE, SIZE)
        views = [grating + 0.3 * torch.randn(3, SIZE, SIZE, generator=noise) for _ in range(3)]
        return [views[0], views[1], views[2][:, :8, :8].contiguous()]

    def set_epoch(self, epoch: int) -> None:
        if epoch != self.epoch or not self._was_loaded:
            self.position = 0
        self.epoch, self._was_loaded = epoch, False

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epoch, self.position, self._was_loaded = state["epoch"], state["position"], True

    def close(self) -> None:
        pass


def open_fake_data(config: Config, pattern: str, device: torch.device) -> TrainData:
    """Stands in for fastpass.train.data.open_data; ``pattern`` is the number of milliseconds that
    each batch takes, and part of the fingerprint after a colon (``5:other``). With ``:damaged``
    the second batch of rank 1 is an error."""
    milliseconds, _, name = pattern.partition(":")
    loader = FakeLoader(
        config.data.batch_size,
        seed=config.train.seed,
        rank=ranks.rank(),
        world_size=ranks.world_size(),
        delay_seconds=float(milliseconds) / 1000,
    )
    if name == "damaged" and ranks.rank() == 1:
        loader.damaged_at = 2
    return TrainData(
        loader, f"fake{name}", NUM_SAMPLES, ("global", "global", "local"), (SIZE, SIZE, SIZE // 2),
        mean=(0.5,) * 3, std=(0.5,) * 3,
    )  # fmt: skip
