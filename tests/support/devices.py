"""The devices of a test that runs on a GPU, and on its twin on the CPU everywhere."""

from __future__ import annotations

import pytest

DEVICES = [pytest.param("cuda", marks=pytest.mark.needs_cuda), "twin"]
