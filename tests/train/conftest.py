"""Runs in this process leave it as they found it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch
import torch.distributed as dist

from fastpass.train.engine import ranks


@pytest.fixture(scope="module", autouse=True)
def left_as_found() -> Iterator[None]:
    """A run says in the environment which process it is, and joins a group of one.

    Loaders ask both, so those of later tests would take their ranks from there.
    """
    environment, num_threads = dict(os.environ), torch.get_num_threads()
    yield
    if dist.is_initialized():
        import deepspeed

        dist.destroy_process_group()
        deepspeed.comm.comm.cdb = None
        ranks._store = ranks._talk = None
    os.environ.clear()
    os.environ.update(environment)
    torch.set_num_threads(num_threads)
