"""From the memory of native code to the consumer's tensors."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.errors import MissingBackend
from fastpass.feed.batch import Batch


class Delivery:
    """Turns the arrays of native code into a :class:`Batch` on the CPU, without a copy.

    ``weights``: float32 [len(pack)] by position in the source, or None. Raises MissingBackend
    without torch.
    """

    gpu: Any = None  # what FeedEngine is given to run on; None: the CPU

    def __init__(
        self, dtype: str, *, has_labels: bool, weights: npt.NDArray[np.float32] | None
    ) -> None:
        try:
            import torch
        except ModuleNotFoundError as error:
            raise MissingBackend(
                "fastpass.Loader hands out torch tensors: install torch"
            ) from error
        self._torch = torch
        self._dtype = getattr(torch, dtype)
        self._has_labels = has_labels
        self._weights = weights
        self.device = torch.device("cpu")

    def stream(self) -> int:
        """The consumer's current stream: a ``cudaStream_t`` as a number."""
        return 0

    def batch(
        self,
        views: list[Any],
        sample_ids: npt.NDArray[np.int64],
        positions: npt.NDArray[np.int64],
        labels: npt.NDArray[np.int64],
        outputs: Mapping[str, Mapping[int, npt.NDArray[Any]]] = MappingProxyType({}),
    ) -> Batch:
        """The batch that FeedEngine has made.

        Args:
            views: per view of the recipe, what shows [N, 3, size, size] in its memory;
                bfloat16 comes as uint16.
            sample_ids, positions, labels: int64 [N]; position in the source, label -1: none.
            outputs: of operations, name -> place of the view -> [N, ...].
        """
        weights = self._weights
        return Batch(
            views=self._tensors(views),
            sample_ids=self._on_device(sample_ids),
            labels=self._on_device(labels) if self._has_labels else None,
            weights=None if weights is None else self._on_device(weights[positions]),
            outputs={
                name: {view: self._on_device(values) for view, values in of_views.items()}
                for name, of_views in outputs.items()
            },
        )

    def _tensors(self, views: list[Any]) -> list[Any]:
        tensors = [self._torch.from_numpy(view) for view in views]
        if self._dtype == self._torch.bfloat16:
            tensors = [tensor.view(self._torch.bfloat16) for tensor in tensors]
        return tensors

    def _on_device(self, values: npt.NDArray[Any]) -> Any:
        tensor = self._torch.from_numpy(values)
        if self.device.type == "cpu":
            return tensor
        # From pageable memory a copy would hold up the thread until the stream gets there.
        return tensor.pin_memory().to(self.device, non_blocking=True)
