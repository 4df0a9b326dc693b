"""What the compiler made of every kernel: registers, stack, spills, warps that fit on an SM, and
instructions beside their budgets (kernel_budgets.toml).

    python -m benchmarks.gpu_resources

Needs no GPU: reads the machine code inside the built module ``fastpass._cuda`` with cuobjdump (of
the CUDA toolkit, or the one that torch's triton brings). Prints the tables of docs/notes/gpu.md.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from benchmarks.gpu_code import KernelCode, inexact_ptx, parse_sass

BUDGETS = Path(__file__).with_name("kernel_budgets.toml")
BUDGET_ARCHITECTURE = "sm_90"
WARPS_PER_SM = 64
BLOCKS_PER_SM = 32
REGISTERS_PER_SM = 65536
REGISTER_UNIT = 256  # per warp
COUNTED = (
    "instructions",
    "longest_inner_loop",
    "integer_divisions",
    "generic_accesses",
    "double_precision",
)


@dataclass(frozen=True)
class KernelResources:
    architecture: str  # "sm_90"
    kernel: str  # C++ name
    threads: int  # of a block, as the launch bounds have it
    registers: int  # per thread
    stack_bytes: int  # per thread: arrays that are not in registers
    local_bytes: int  # per thread: spills
    shared_bytes: int  # per block, without what a launch adds

    @property
    def resident_warps(self) -> int:
        """On one SM, as registers and threads allow; shared memory of a launch may allow fewer."""
        warps = -(-self.threads // 32)
        per_warp = -(-self.registers * 32 // REGISTER_UNIT) * REGISTER_UNIT
        blocks = min(REGISTERS_PER_SM // (per_warp * warps), WARPS_PER_SM // warps, BLOCKS_PER_SM)
        return blocks * warps


def find_cuobjdump() -> str | None:
    """The program, or None."""
    found = shutil.which("cuobjdump")
    if found is None and (triton := importlib.util.find_spec("triton")) and triton.origin:
        inside = Path(triton.origin).parent / "backends/nvidia/bin/cuobjdump"
        found = str(inside) if inside.exists() else None
    return found


def built_module() -> Path | None:
    """The file of ``fastpass._cuda``, or None where it is not built."""
    spec = importlib.util.find_spec("fastpass._cuda")
    return Path(spec.origin) if spec and spec.origin else None


def kernel_resources(module: Path, cuobjdump: str) -> list[KernelResources]:
    """Of every kernel and architecture in a compiled file."""
    usage = _run(cuobjdump, "--dump-resource-usage", str(module))
    threads = _block_threads(_run(cuobjdump, "--dump-elf", str(module)))
    found = []
    architecture = ""
    for match in re.finditer(
        r"arch = (sm_\w+)|Function (\S+):\s+REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)", usage
    ):
        if match[1]:
            architecture = match[1]
            continue
        registers, stack, shared, local = map(int, match.groups()[2:])
        found.append(
            KernelResources(
                architecture=architecture,
                kernel=_readable(match[2]),
                threads=threads.get((architecture, match[2]), 1024),
                registers=registers,
                stack_bytes=stack,
                local_bytes=local,
                shared_bytes=shared,
            )
        )
    return sorted(found, key=lambda row: (row.kernel, row.architecture))


def _block_threads(elf: str) -> dict[tuple[str, str], int]:
    """(architecture, mangled name) -> threads of a block by its __launch_bounds__."""
    found = {}
    architecture = kernel = ""
    is_next = False
    for line in elf.splitlines():
        if match := re.search(r"arch = (sm_\w+)", line):
            architecture = match[1]
        elif match := re.match(r"\.nv\.info\.(\S+)$", line.strip()):
            kernel = match[1]
        elif "EIATTR_MAX_THREADS" in line:
            is_next = True
        elif is_next and "Value:" in line:
            sides = [int(side, 16) for side in re.findall(r"0x[0-9a-f]+", line)]
            found[architecture, kernel] = sides[0] * sides[1] * sides[2]
            is_next = False
    return found


def _readable(mangled: str) -> str:
    """The functor or program that a kernel runs, by its C++ name."""
    name = _run("c++filt", mangled).strip()
    name = name.replace("fastpass::", "").replace("(anonymous namespace)::", "")
    match = re.match(r"void (?:map|block)_kernel<(.*)>\(.*\)$", name)
    return match[1].strip() if match else name


def kernel_code(module: Path, cuobjdump: str) -> dict[tuple[str, str], KernelCode]:
    """(kernel, architecture) -> its machine code."""
    kernels = parse_sass(_run(cuobjdump, "--dump-sass", str(module)))
    return {(_readable(kernel.mangled), kernel.architecture): kernel for kernel in kernels}


def ptx_of(module: Path, cuobjdump: str) -> str:
    """All PTX in a compiled file."""
    return _run(cuobjdump, "--dump-ptx", str(module))


def nvcc_release() -> str | None:
    """ "13.0", or None where there is no nvcc."""
    nvcc = shutil.which("nvcc")
    match = re.search(r"release (\d+\.\d+)", _run(nvcc, "--version")) if nvcc else None
    return match[1] if match else None


def read_budgets() -> tuple[str, dict[str, dict[str, Any]]]:
    """The release of nvcc that they hold for, and each kernel's; a name that is left out is 0."""
    with BUDGETS.open("rb") as file:
        read = tomllib.load(file)
    release = read.pop("nvcc")
    return release, {re.sub(r"-(\w+)$", r"<\1>", kernel): own for kernel, own in read.items()}


def budget_table(kernels: dict[tuple[str, str], KernelCode]) -> str:
    """One line per kernel: what it has, and in brackets a budget that differs."""
    _, budgets = read_budgets()
    names = [name.replace("_", " ") for name in COUNTED]
    lines = [f"| kernel | {' | '.join(names)} | wanted |", "|---" * (len(names) + 2) + "|"]
    for kernel, budget in sorted(budgets.items()):
        counts = kernels[kernel, BUDGET_ARCHITECTURE].counts()
        cells = [
            f"{counts[name]}"
            + ("" if counts[name] == budget.get(name, 0) else f" ({budget.get(name, 0)})")
            for name in COUNTED
        ]
        lines.append(f"| `{kernel}` | {' | '.join(cells)} | {budget.get('wanted', '')} |")
    return "\n".join(lines)


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def markdown_table(rows: list[KernelResources]) -> str:
    """One line per kernel and architecture."""
    lines = [
        "| kernel | arch | threads | registers | stack | spills | static shared | warps per SM |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row.kernel}` | {row.architecture} | {row.threads} | {row.registers} "
        f"| {row.stack_bytes} | {row.local_bytes} | {row.shared_bytes} | {row.resident_warps} |"
        for row in rows
    ]
    return "\n".join(lines)


@click.command()
def main() -> None:
    """Print the tables of all kernels: as compiled for every architecture, and their budgets."""
    module, cuobjdump = built_module(), find_cuobjdump()
    if module is None:
        sys.exit("fastpass._cuda is not built: no nvcc was found")
    if cuobjdump is None:
        sys.exit("cuobjdump was found neither on PATH nor in triton")
    print(markdown_table(kernel_resources(module, cuobjdump)))
    kernels = kernel_code(module, cuobjdump)
    print(f"\n{BUDGET_ARCHITECTURE}, and in brackets a budget that differs:\n")
    print(budget_table(kernels))
    fused = sum(len(kernel.fused()) for kernel in kernels.values())
    print(f"\nMultiply-adds outside divisions: {fused}")
    print(f"PTX that rounds otherwise than C++: {len(inexact_ptx(ptx_of(module, cuobjdump)))}")


if __name__ == "__main__":
    main()
