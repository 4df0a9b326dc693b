"""Which GPU a thread has selected stays as its user knows it, whatever native code selects."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import torch

from fastpass.common import gpu as common_gpu
from fastpass.common.gpu import Gpu, gpu_of

if TYPE_CHECKING:
    from collections.abc import Iterator

GPU_1 = torch.device("cuda", 1)


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """The GPUs that torch's guard was entered for, on a machine that seems to have two."""
    entered: list[torch.device] = []

    @contextmanager
    def device(which: torch.device) -> Iterator[None]:
        entered.append(which)
        yield

    monkeypatch.setattr(torch.cuda, "device", device)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "current_stream", lambda device: SimpleNamespace(cuda_stream=40 + device.index)
    )
    return entered


def test_torch_is_told_before_native_code_selects_a_gpu(
    guarded: list[torch.device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common_gpu, "load_cuda", lambda: None)
    monkeypatch.setattr(
        common_gpu, "_gpu", lambda ordinal: Gpu(None, torch.device("cuda", ordinal))
    )
    assert gpu_of("cuda:1").device == GPU_1
    assert guarded == [GPU_1]


def test_a_thread_that_asks_for_its_stream_is_told(guarded: list[torch.device]) -> None:
    assert Gpu(None, GPU_1).stream() == 41
    assert guarded == [GPU_1]


def test_the_twin_selects_nothing(guarded: list[torch.device]) -> None:
    assert Gpu(None, torch.device("cpu")).stream() == 0
    assert guarded == []
