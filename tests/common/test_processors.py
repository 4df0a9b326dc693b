"""The number of processors: affinity, and the quota of control groups of both versions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from fastpass.common import processors
from fastpass.common.processors import available_processors, cpu_quota


def _quota(tmp_path: Path, own: str, files: Mapping[str, str]) -> float | None:
    for name, text in files.items():
        path = tmp_path / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "own").write_text(own)
    return cpu_quota(tmp_path / "own", tmp_path / "sys")


@pytest.mark.parametrize(
    ("own", "files", "wanted"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {}, None),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, 2.0),
        ("0::/a/b\n", {"a/cpu.max": "max 100000", "a/b/cpu.max": "50000 100000"}, 0.5),
        ("0::/../..\n", {"cpu.max": "300000 100000"}, 3.0),
        (
            "4:memory:/x\n3:cpu,cpuacct:/x\n",
            {"cpu/x/cpu.cfs_quota_us": "250000", "cpu/x/cpu.cfs_period_us": "100000"},
            2.5,
        ),
        (
            "3:cpu,cpuacct:/\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            None,
        ),
        ("0::/\n", {"cpu.max": "garbage"}, None),
        ("0::/\n", {"cpu.max": "1 0"}, None),
    ],
)
def test_the_quota_of_control_groups(
    tmp_path: Path, own: str, files: dict[str, str], wanted: float | None
) -> None:
    assert _quota(tmp_path, own, files) == wanted


def test_affinity_and_quota_both_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5, 7})
    for quota, wanted in ((None, 4), (2.5, 3), (0.1, 1), (64.0, 4)):
        monkeypatch.setattr(processors, "cpu_quota", lambda *_, quota=quota: quota)
        assert available_processors() == wanted


def test_without_control_groups_affinity_alone_counts(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path / "absent", tmp_path) is None
    assert 1 <= available_processors() <= len(os.sched_getaffinity(0))
