"""What tests of training share: a run of two processes, and a process left as it was found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import launched
import pytest
import torch


@pytest.fixture(scope="module", autouse=True)
def left_as_found() -> Iterator[None]:
    """A run says in the environment which process it is, and shares the cores in its own way.

    Its group of processes stays: DeepSpeed keeps it until the process ends.
    """
    environment, num_threads = dict(os.environ), torch.get_num_threads()
    yield
    os.environ.clear()
    os.environ.update(environment)
    torch.set_num_threads(num_threads)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve steps without a break, of two processes that srun has started; to be read only."""
    output = tmp_path_factory.mktemp("whole")
    codes, errors = launched.run_ranks(launched.as_srun, launched.tiny(output, epochs=2))
    assert codes == [0, 0], errors
    return output
