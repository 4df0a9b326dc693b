"""What a loader hands out, and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of views, on the loader's device.

    The memory belongs to the batch: it is reused only after the last tensor that shows it is gone,
    so batches may be kept.
    """

    views: list[torch.Tensor]  # one [N, 3, size, size] per view of the recipe, in its order
    sample_ids: torch.Tensor  # int64 [N]
    labels: torch.Tensor | None  # int64 [N], -1 where unknown; None when the source has no labels


@dataclass(frozen=True, slots=True)
class LoaderStats:
    """Sums since the loader was made; the stage times are summed over all threads."""

    num_images: int
    num_batches: int
    num_skipped: int  # damaged samples met with on_error="skip", every time they were met
    seconds: float  # inside iterations, the consumer's own work included
    wait_seconds: float  # of these, the time the consumer waited for a batch
    read_seconds: float
    decode_seconds: float
    augment_seconds: float
    num_slots: int  # batch memories ever allocated; constant in the steady state

    @property
    def images_per_second(self) -> float:
        return self.num_images / self.seconds if self.seconds > 0 else 0.0

    @property
    def wait_fraction(self) -> float:
        """Share of the time the consumer waited: near 0 the loader keeps up, near 1 it does not."""
        return self.wait_seconds / self.seconds if self.seconds > 0 else 0.0

    @property
    def slowest_stage(self) -> str:
        stages = {
            "read": self.read_seconds,
            "decode": self.decode_seconds,
            "augment": self.augment_seconds,
        }
        return max(stages, key=lambda name: stages[name])
