"""The machine code of kernels, as cuobjdump prints it: instructions, loops, and what costs in them.

A loop ends with a jump backwards. The step loop of a block program holds its barriers; what a lane
does again and again are the loops within it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_KERNEL = re.compile(r"code for (sm_\w+)|Function : (\S+)")
_INSTRUCTION = re.compile(r"\s+/\*([0-9a-f]{4,})\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)\s*(.*?)\s*;")
_TARGET = re.compile(r"0x([0-9a-f]+)$")
# Refining a reciprocal or a root takes multiply-adds; they stand this near to it.
_DIVISION_REACH = 64


@dataclass(frozen=True)
class Instruction:
    address: int
    name: str  # with its modifiers: "LDG.E.U8"
    operands: str

    @property
    def is_generic_access(self) -> bool:
        """The address may be of any memory, which the GPU finds out at run time."""
        return self.name.split(".")[0] in ("LD", "ST", "ATOM")

    @property
    def is_double(self) -> bool:
        return self.name.split(".")[0] in ("DADD", "DMUL", "DFMA", "DSETP", "DMNMX")

    @property
    def is_integer_division(self) -> bool:
        """Its first step: the divisor as a float that is rounded up."""
        return bool(re.fullmatch(r"I2F.*\.RP", self.name))

    @property
    def is_multiply_add(self) -> bool:
        """Of floats. HFMA2.MMA with zeros is how constants are loaded."""
        kind = self.name.split(".")[0]
        return kind in ("FFMA", "DFMA") or (kind == "HFMA2" and "-RZ, RZ," not in self.operands)


@dataclass(frozen=True)
class KernelCode:
    architecture: str
    mangled: str
    instructions: tuple[Instruction, ...]

    def loops(self) -> list[tuple[int, int]]:
        """(first, last) instruction of each, as places in ``instructions``."""
        place = {instruction.address: i for i, instruction in enumerate(self.instructions)}
        found = []
        for i, instruction in enumerate(self.instructions):
            target = _TARGET.search(instruction.operands)
            if instruction.name.startswith("BRA") and target:
                first = place[int(target[1], 16)]
                if first < i:  # a kernel ends with a jump to itself
                    found.append((first, i))
        return found

    def lane_loops(self) -> list[tuple[int, int]]:
        """The loops without the step loop; the one over all work where there is no barrier."""
        loops = self.loops()
        if any(instruction.name.startswith("BAR") for instruction in self.instructions):
            return [loop for loop in loops if not self._has_barrier(loop)]
        return [loop for loop in loops if any(_is_within(loop, other) for other in loops)]

    def longest_inner_loop(self) -> int:
        """Instructions of the longest loop of a lane that holds no other loop."""
        loops = self.lane_loops()
        inner = [one for one in loops if not any(_is_within(other, one) for other in loops)]
        return max((last - first + 1 for first, last in inner), default=0)

    def integer_divisions_in_loops(self) -> int:
        inside = {i for first, last in self.lane_loops() for i in range(first, last + 1)}
        return sum(self.instructions[i].is_integer_division for i in inside)

    def fused(self) -> list[Instruction]:
        """The multiply-adds of floats that belong to no division and no root."""
        names = [instruction.name for instruction in self.instructions]
        starts = [i for i, name in enumerate(names) if name.startswith("MUFU")]
        return [
            instruction
            for i, instruction in enumerate(self.instructions)
            if instruction.is_multiply_add
            and not any(abs(i - start) <= _DIVISION_REACH for start in starts)
        ]

    def counts(self) -> dict[str, int]:
        """What kernel_budgets.toml bounds, by its names."""
        return {
            "instructions": len(self.instructions),
            "longest_inner_loop": self.longest_inner_loop(),
            "integer_divisions": self.integer_divisions_in_loops(),
            "generic_accesses": sum(one.is_generic_access for one in self.instructions),
            "double_precision": sum(one.is_double for one in self.instructions),
        }

    def _has_barrier(self, loop: tuple[int, int]) -> bool:
        inside = self.instructions[loop[0] : loop[1] + 1]
        return any(instruction.name.startswith("BAR") for instruction in inside)


def _is_within(loop: tuple[int, int], other: tuple[int, int]) -> bool:
    return loop != other and other[0] <= loop[0] and loop[1] <= other[1]


def parse_sass(text: str) -> Iterator[KernelCode]:
    """Every kernel in the output of ``cuobjdump --dump-sass``."""
    architecture = mangled = ""
    found: list[Instruction] = []
    for line in text.splitlines():
        if match := _KERNEL.search(line):
            if mangled:
                yield KernelCode(architecture, mangled, tuple(found))
            found, mangled = [], match[2] or ""
            architecture = match[1] or architecture
        elif match := _INSTRUCTION.match(line):
            found.append(Instruction(int(match[1], 16), match[2], match[3]))
    if mangled:
        yield KernelCode(architecture, mangled, tuple(found))


def inexact_ptx(text: str) -> list[str]:
    """The PTX instructions that round otherwise than C++ does: fused, approximate, without tiny
    numbers."""
    pattern = r"\b(?:fma|mad)\.(?:\w+\.)*f\d+\b|\b\w+(?:\.\w+)*\.(?:approx|ftz)\b[\w.]*"
    return re.findall(pattern, text)
