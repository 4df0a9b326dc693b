"""What a loader hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    weights: torch.Tensor | None = None  # float32 [N]; None when the loader was given none
    # Of operations on views (ViewSpec.ops): name -> place of the view -> [N, ...].
    outputs: dict[str, dict[int, torch.Tensor]] = field(default_factory=dict)

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> Batch:
        """The same batch with every tensor on ``device``, as ``torch.Tensor.to`` puts it there.

        Lightning and Accelerate move whatever has this method.
        """

        def move(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.to(device, non_blocking=non_blocking)

        return Batch(
            views=[move(view) for view in self.views],
            sample_ids=move(self.sample_ids),
            labels=None if self.labels is None else move(self.labels),
            weights=None if self.weights is None else move(self.weights),
            outputs={
                name: {view: move(tensor) for view, tensor in of_views.items()}
                for name, of_views in self.outputs.items()
            },
        )
