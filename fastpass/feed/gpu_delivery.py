"""From memory of a GPU to tensors there, without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.common.gpu import gpu_of, parse_device
from fastpass.feed.delivery import Delivery


class GpuDelivery(Delivery):
    """Hands out what FeedEngine has rendered on a GPU.

    The tensors show its memory. The consumer's current stream waits until the views are
    there; nobody else does. When the last tensor of a batch goes, its memory may be written again
    behind everything that this stream has queued by then: a consumer that reads a batch on another
    stream must have the current one wait for it (``Tensor.record_stream`` does not know of this
    memory).

    Raises BadArgument, MissingBackend, DeviceFailed.
    """

    def __init__(
        self,
        device: str,
        dtype: str,
        *,
        has_labels: bool,
        weights: npt.NDArray[np.float32] | None,
    ) -> None:
        super().__init__(dtype, has_labels=has_labels, weights=weights)
        self._where = gpu_of(device)
        self.gpu, self.device = self._where.native, self._where.device

    def stream(self) -> int:
        return self._where.stream()

    def _tensors(self, views: list[Any]) -> list[Any]:
        if self.device.type == "cpu":  # the double of a GPU that tests switch on
            return super()._tensors(views)
        tensors = [self._torch.as_tensor(view, device=self.device) for view in views]
        return [self._typed(tensor) for tensor in tensors]

    def _typed(self, tensor: Any) -> Any:
        return tensor.view(self._dtype) if tensor.dtype != self._dtype else tensor


def make_delivery(
    device: str, dtype: str, *, has_labels: bool, weights: npt.NDArray[np.float32] | None
) -> Delivery:
    """The one for ``device``: "cpu" or a CUDA device, as torch names them.

    Raises BadArgument, MissingBackend, DeviceFailed.
    """
    on_cpu = Delivery(dtype, has_labels=has_labels, weights=weights)
    if parse_device(device).type == "cpu":
        return on_cpu
    return GpuDelivery(device, dtype, has_labels=has_labels, weights=weights)
