"""For tests of code that uses fastpass: what stands in for hardware that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastpass.common.checks import require_integer
from fastpass.common.gpu import open_twins, twin_of

if TYPE_CHECKING:
    import torch


@contextmanager
def gpu_twin(*, seed: int = 1) -> Iterator[torch.device]:
    """Inside this block, ``device="cuda"`` runs on the CPU in the place of a GPU: slow.

    It runs the programs of the GPU kernels, the lanes of every step in a shuffled order, with
    shared memory full of random bytes at first, so that results which depend on an order show. All
    results are those of a GPU, bit for bit. Tensors that would lie on the GPU lie on the CPU, and
    tensors that are handed in must lie there: the block's value is that device.

    The switch holds for the whole process, for what is opened or called inside the block; a Loader
    opened inside keeps its twin to its end. "nvjpeg" has no twin.

    Args:
        seed: of the order in which lanes run, 0 to 2**64 - 1.

    Raises BadArgument.
    """
    seed = require_integer("seed", seed, 0, 2**64 - 1)
    twin = twin_of(seed)
    open_twins.append(twin)
    try:
        yield twin.device
    finally:
        open_twins.remove(twin)
