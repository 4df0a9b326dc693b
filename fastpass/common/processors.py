"""How many threads are worth starting: one answer for every stage."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")


def available_processors() -> int:
    """Processors that this process may use, at least 1.

    Not those of the machine: only the ones that its affinity allows (taskset, Slurm), and no more
    than the quota of its control groups pays for (docker run --cpus, Kubernetes limits).
    """
    allowed = len(os.sched_getaffinity(0))
    quota = cpu_quota(_OWN_CGROUPS, _CGROUPS)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def cpu_quota(own_cgroups: Path, cgroups: Path) -> float | None:
    """Processors' worth of time that the control groups grant; None where nothing limits it.

    own_cgroups: the list of the process's groups (/proc/self/cgroup). cgroups: where their
    hierarchy is mounted (/sys/fs/cgroup). Source: the Linux kernel's documentation of cgroup v2
    (cpu.max) and of v1 (cpu.cfs_quota_us).
    """
    try:
        lines = own_cgroups.read_text().splitlines()
    except OSError:
        return None
    quotas = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            quotas += [_quota_v2(folder) for folder in _with_parents(cgroups, group)]
        elif "cpu" in controllers.split(","):
            for name in ("cpu", controllers):
                quotas += [_quota_v1(folder) for folder in _with_parents(cgroups / name, group)]
    return min((quota for quota in quotas if quota is not None), default=None)


def _with_parents(root: Path, group: str) -> list[Path]:
    """A limit of any group above holds, too."""
    parts = [part for part in group.split("/") if part not in ("", "..")]
    return [root.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]


def _quota_v2(folder: Path) -> float | None:
    """Of "max 100000" (no limit) or "150000 100000" (one and a half processors)."""
    fields = _fields(folder / "cpu.max")
    return _share(*fields) if len(fields) == 2 else None


def _quota_v1(folder: Path) -> float | None:
    quota, period = _fields(folder / "cpu.cfs_quota_us"), _fields(folder / "cpu.cfs_period_us")
    return _share(quota[0], period[0]) if quota and period else None


def _share(quota: str, period: str) -> float | None:
    try:
        share = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max"
        return None
    return share if share > 0 else None  # -1 of v1: no limit


def _fields(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
