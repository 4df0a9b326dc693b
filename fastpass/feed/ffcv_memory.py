"""Memory for FFCV's batches that is used again once nobody shows it."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt


class RecycledMemory:
    """In the place of an array of FFCV's, [slots, batch, bytes]: ``memory[slot]`` is a batch that
    no tensor shows, whatever the slot. FFCV itself writes into a slot again while it may be shown.
    """

    def __init__(self, num_samples: int, num_bytes: int) -> None:
        self._shape = (num_samples, num_bytes)
        self._free: list[npt.NDArray[np.uint8]] = []
        self.num_made = 0

    def __getitem__(self, slot: int) -> npt.NDArray[np.uint8]:
        if self._free:
            memory = self._free.pop()
        else:
            memory = np.empty(max(1, self._shape[0] * self._shape[1]), np.uint8)
            self.num_made += 1
        # What all arrays and tensors over it keep alive; when the last goes, so does this.
        shown: Any = (ctypes.c_uint8 * memory.size).from_buffer(memory.data)
        weakref.finalize(shown, self._free.append, memory).atexit = False
        return np.frombuffer(shown, np.uint8)[: self._shape[0] * self._shape[1]].reshape(
            self._shape
        )
