"""What the compiler made of every kernel: registers, stack, spills, and warps that fit on an SM.

    python -m benchmarks.gpu_resources

Needs no GPU: reads the machine code inside the built module ``fastpass._cuda`` with cuobjdump (of
the CUDA toolkit, or the one that torch's triton brings). Prints the table of docs/notes/gpu.md.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

WARPS_PER_SM = 64
BLOCKS_PER_SM = 32
REGISTERS_PER_SM = 65536
REGISTER_UNIT = 256  # per warp


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
    """Print the table of all kernels, as compiled for every architecture."""
    module, cuobjdump = built_module(), find_cuobjdump()
    if module is None:
        sys.exit("fastpass._cuda is not built: no nvcc was found")
    if cuobjdump is None:
        sys.exit("cuobjdump was found neither on PATH nor in triton")
    print(markdown_table(kernel_resources(module, cuobjdump)))


if __name__ == "__main__":
    main()
