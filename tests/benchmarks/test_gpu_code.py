"""The machine code of the kernels: it rounds as C++ does, and costs no more than it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.gpu_code import KernelCode, inexact_ptx, parse_sass
from benchmarks.gpu_resources import (
    BUDGET_ARCHITECTURE,
    COUNTED,
    budget_table,
    built_module,
    find_cuobjdump,
    kernel_code,
    nvcc_release,
    ptx_of,
    read_budgets,
)

Kernels = dict[tuple[str, str], KernelCode]


@pytest.fixture(scope="module")
def tools() -> tuple[Path, str]:
    module, cuobjdump = built_module(), find_cuobjdump()
    if module is None:
        pytest.skip("fastpass._cuda is not built: no nvcc")
    if cuobjdump is None:
        pytest.skip("cuobjdump was found neither on PATH nor in triton")
    return module, cuobjdump


@pytest.fixture(scope="module")
def kernels(tools: tuple[Path, str]) -> Kernels:
    return kernel_code(*tools)


def test_ptx_has_neither_contraction_nor_approximation(tools: tuple[Path, str]) -> None:
    ptx = ptx_of(*tools)
    assert "div.rn.f32" in ptx, "no PTX was read"
    assert inexact_ptx(ptx) == []


def test_only_divisions_and_roots_fuse(kernels: Kernels) -> None:
    assert {architecture for _, architecture in kernels} == {"sm_80", "sm_90"}
    found = {name: code.fused() for name, code in kernels.items() if code.fused()}
    assert not found


def test_kernels_keep_their_budgets(kernels: Kernels) -> None:
    """A change that costs more is seen; one that costs less lowers the budget for good."""
    release, budgets = read_budgets()
    if nvcc_release() != release:
        pytest.skip(f"budgets hold for nvcc {release}, this is {nvcc_release()}")
    own = {kernel for kernel, architecture in kernels if architecture == BUDGET_ARCHITECTURE}
    assert own == set(budgets), "every kernel has a budget"
    for kernel, budget in budgets.items():
        assert set(budget) <= {*COUNTED, "wanted"}
        for name, count in kernels[kernel, BUDGET_ARCHITECTURE].counts().items():
            allowed = budget.get(name, 0)
            assert count <= allowed, f"{kernel}: {count} {name}, the budget is {allowed}"
            message = f"{kernel}: only {count} {name}: lower the budget of {allowed}"
            assert count > 0.9 * allowed - 1, message


def test_the_table_names_every_kernel(kernels: Kernels) -> None:
    _, budgets = read_budgets()
    assert len(budget_table(kernels).splitlines()) == 2 + len(budgets)


SASS = """
	code for sm_90
		Function : first
        /*0000*/                   S2R R0, SR_TID.X ;      /* 0x00 */
        /*0010*/                   BAR.SYNC 0x0 ;
        /*0020*/                   I2F.RP R3, R2 ;
        /*0030*/                   LD.E R4, [R6.64] ;
        /*0040*/                   FFMA R4, R4, R4, R4 ;
        /*0050*/              @!P0 BRA 0x20 ;
        /*0060*/              @P1  BRA 0x10 ;
        /*0070*/                   BRA 0x70 ;
		Function : second
        /*0000*/                   I2F.U32.RP R3, R2 ;
        /*0010*/                   MUFU.RCP R3, R3 ;
        /*0020*/                   FFMA R4, R4, R4, R4 ;
        /*0030*/                   HFMA2.MMA R9, -RZ, RZ, 0, 0 ;
        /*0040*/                   DADD R4, R4, R6 ;
        /*0050*/              @P1  BRA 0x0 ;
"""


def test_loops_and_costs_are_found() -> None:
    first, second = parse_sass(SASS)
    assert first.loops() == [(2, 5), (1, 6)]
    assert first.lane_loops() == [(2, 5)]
    assert first.longest_inner_loop() == 4
    assert first.integer_divisions_in_loops() == 1
    assert first.counts()["generic_accesses"] == 1
    assert [one.address for one in first.fused()] == [0x40]
    assert second.fused() == []
    assert second.lane_loops() == []
    assert second.counts()["double_precision"] == 1


def test_inexact_ptx_is_found() -> None:
    exact = "mad.lo.s32 %r1; mul.rn.f32 %f1; div.rn.f32 %f2; sqrt.rn.f64 %fd1; add.f32 %f3;"
    assert inexact_ptx(exact) == []
    inexact = ["fma.rn.f32", "mad.rn.f64", "add.ftz.f32", "rcp.approx.ftz.f64", "ex2.approx.f32"]
    assert len(inexact_ptx(" %f1; ".join(inexact))) == len(inexact)
