"""Switches shared by all tests: real data and GPUs are skipped with a reason, never silently."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import torch

# A background job begins with Ctrl-C ignored, and one under nohup with SIGHUP ignored. So do their
# children, to which some tests send both.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

SHARED = Path(os.environ.get("FASTPASS_SHARED", Path(__file__).parents[2] / "shared")) / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long too")


def _cuda_available() -> bool:
    import torch

    return torch.cuda.is_available()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("long") and not item.config.getoption("--long"):
        pytest.skip("takes minutes; `make test-long` runs it")
    if item.get_closest_marker("needs_shared") and not SHARED.is_dir():
        reason = f"real test data not found at {SHARED} (set FASTPASS_SHARED)"
        if os.environ.get("FASTPASS_REQUIRE_SHARED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    if item.get_closest_marker("needs_cuda") and not _cuda_available():
        if os.environ.get("FASTPASS_REQUIRE_CUDA") == "1":
            pytest.fail("FASTPASS_REQUIRE_CUDA=1, but torch sees no CUDA device")
        pytest.skip("needs a CUDA device")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test data; tests that use it carry the marker ``needs_shared``."""
    return SHARED


@pytest.fixture
def no_process_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no earlier test had trained in this process: a loader asks the environment."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None:
        monkeypatch.setattr(distributed, "is_initialized", lambda: False)


@pytest.fixture(params=[pytest.param("gpu", marks=pytest.mark.needs_cuda), "twin"])
def gpu(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """A test that takes it runs with ``device="cuda"`` on a GPU, and everywhere on its twin.

    The value is where torch has the tensors.
    """
    import torch

    from fastpass.testing import gpu_twin

    if request.param == "gpu":
        yield torch.device("cuda", torch.cuda.current_device())
    else:
        with gpu_twin() as device:
            yield device
