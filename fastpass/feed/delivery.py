"""From the engine's memory to tensors on the consumer's device."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.augment.normalize import normalize_on_device
from fastpass.augment.recipe import Recipe
from fastpass.errors import BadArgument, MissingBackend
from fastpass.feed.batch import Batch


class Delivery:
    """Turns the engine's arrays into a :class:`Batch`.

    On the CPU the tensors show the engine's memory, without a copy. For a CUDA device the engine
    renders uint8; a view crosses the bus as that (a quarter of float32's bytes) and is normalized
    on the consumer's current stream.
    """

    def __init__(
        self,
        device: str,
        dtype: str,
        recipe: Recipe,
        *,
        has_labels: bool,
        weights: npt.NDArray[np.float32] | None,
    ) -> None:
        try:
            import torch
        except ModuleNotFoundError as error:
            raise MissingBackend(
                "fastpass.Loader hands out torch tensors: install torch"
            ) from error
        self._torch = torch
        self._device = self._parse_device(device)
        self._dtype = getattr(torch, dtype)
        self._has_labels = has_labels
        self._weights = weights  # [position]
        self._is_cpu = self._device.type == "cpu"
        if not self._is_cpu:
            self._check_device()
        self.engine_dtype = dtype if self._is_cpu else "uint8"
        self._views = recipe.views

    def _parse_device(self, device: Any) -> Any:
        try:
            return self._torch.device(device)
        except (RuntimeError, TypeError) as error:
            raise BadArgument(f"device = {device!r}: wanted 'cpu' or a CUDA device") from error

    def _check_device(self) -> None:
        if self._device.type != "cuda":
            raise MissingBackend(f"device {self._device} is not known: use 'cpu' or 'cuda'")
        if not self._torch.cuda.is_available():
            raise MissingBackend("device='cuda', but torch sees no CUDA GPU: use device='cpu'")

    def batch(
        self,
        views: list[npt.NDArray[Any]],
        sample_ids: npt.NDArray[np.int64],
        positions: npt.NDArray[np.int64],
        labels: npt.NDArray[np.int64],
    ) -> Batch:
        tensors = [self._torch.from_numpy(view) for view in views]
        if not self._is_cpu:
            tensors = [self._send(tensor, i) for i, tensor in enumerate(tensors)]
        elif self._dtype == self._torch.bfloat16:
            tensors = [tensor.view(self._torch.bfloat16) for tensor in tensors]
        weights = self._weights
        return Batch(
            views=tensors,
            sample_ids=self._on_device(sample_ids),
            labels=self._on_device(labels) if self._has_labels else None,
            weights=None if weights is None else self._on_device(weights[positions]),
        )

    def _on_device(self, values: npt.NDArray[Any]) -> Any:
        return self._torch.from_numpy(values).to(self._device)

    def _send(self, pixels: Any, view: int) -> Any:
        # torch's pinned-memory cache frees the copy only after the stream has read it.
        on_device = pixels.pin_memory().to(self._device, non_blocking=True)
        if self._dtype == self._torch.uint8:
            return on_device
        spec = self._views[view]
        return normalize_on_device(on_device, spec.mean, spec.std, self._dtype)
