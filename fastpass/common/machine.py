"""Where a number was measured: processor, memory, GPU, versions, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from fastpass.common.processors import available_processors

VERSIONS_OF = (
    "numpy", "pillow", "torch", "torchvision", "timm", "deepspeed", "numba", "nvidia-dali-cuda130",
)  # fmt: skip


def describe_machine() -> dict[str, object]:
    """JSON-ready facts about this machine; what cannot be found out is left out.

    cpu, cores (that this process may use), memory_gib, load_1_minute, platform, python,
    gpus (names), commit (of the source tree, "-dirty" when it has uncommitted changes), versions.
    """
    facts: dict[str, object] = {
        "cpu": _cpu_name(),
        "cores": available_processors(),
        "memory_gib": _memory_gib(),
        "load_1_minute": round(os.getloadavg()[0], 2),
        "platform": platform.platform(terse=True),
        "python": platform.python_version(),
        "gpus": _gpu_names(),
        "commit": _commit(),
        "versions": _versions(),
    }
    return {name: value for name, value in facts.items() if value not in (None, [], {})}


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    except (OSError, ValueError):
        return None


def _run(*command: str, folder: Path | None = None) -> str | None:
    """Standard output of a short command, None when it fails or does not exist."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _gpu_names() -> list[str]:
    listing = _run("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return listing.splitlines() if listing else []


def _commit() -> str | None:
    return _run(
        "git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*",
        folder=Path(__file__).parent,
    )  # fmt: skip


def _versions() -> dict[str, str]:
    found = {}
    for name in VERSIONS_OF:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
