"""Every kernel keeps its values in registers: no stack and no spills on any architecture."""

from __future__ import annotations

import pytest
from benchmarks.gpu_resources import (
    KernelResources,
    built_module,
    find_cuobjdump,
    kernel_resources,
    markdown_table,
)


@pytest.fixture(scope="module")
def rows() -> list[KernelResources]:
    module, cuobjdump = built_module(), find_cuobjdump()
    if module is None:
        pytest.skip("fastpass._cuda is not built: no nvcc")
    if cuobjdump is None:
        pytest.skip("cuobjdump was found neither on PATH nor in triton")
    return kernel_resources(module, cuobjdump)


def test_no_stack_and_no_spills(rows: list[KernelResources]) -> None:
    assert rows
    assert not [row for row in rows if row.stack_bytes or row.local_bytes]


def test_launch_bounds_are_known_and_fit(rows: list[KernelResources]) -> None:
    for row in rows:
        assert row.threads in {32, 64, 128, 256, 512, 1024}, row
        assert row.resident_warps > 0, row


def test_machine_code_for_ampere_and_hopper(rows: list[KernelResources]) -> None:
    assert {row.architecture for row in rows} == {"sm_80", "sm_90"}
    table = markdown_table(rows)
    assert len(table.splitlines()) == 2 + len(rows)


@pytest.mark.parametrize(
    ("threads", "registers", "warps"), [(256, 32, 64), (256, 64, 32), (1024, 64, 32), (512, 40, 48)]
)
def test_resident_warps(threads: int, registers: int, warps: int) -> None:
    """NVIDIA's occupancy calculator for compute capability 9.0."""
    row = KernelResources("sm_90", "", threads, registers, 0, 0, 0)
    assert row.resident_warps == warps
