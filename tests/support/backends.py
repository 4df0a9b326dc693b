"""The backends of the loader that are compared with the native one."""

from __future__ import annotations

import pytest

BACKENDS = ["dali", "ffcv"]


def enabled_backend(name: str) -> str:
    """``name``, ready to be used; skips the test where it is not installed."""
    if name == "dali":
        pytest.importorskip("nvidia.dali", reason="NVIDIA DALI is not installed")
        from support.dali_pipelines import enabled

        enabled()
    if name == "ffcv":
        pytest.importorskip("ffcv", reason="FFCV is not installed")
    return name
