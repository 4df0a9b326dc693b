"""Building DALI's plug-in: once for each DALI, and a named reason where it cannot be."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fastpass.errors import MissingBackend, WriteFailed
from fastpass.feed import dali_build
from fastpass.feed.dali_build import InstalledDali, built_plugin

# Writes down that it linked, and makes the output.
COMPILER = """#!/bin/sh
[ "$1" = -shared ] && echo run >> "$0.runs" && sleep {seconds}
while [ $# -gt 0 ]; do [ "$1" = -o ] && echo built > "$2"; shift; done
"""
FAILING = """#!/bin/sh
echo "some.cpp:1:2: error: that is no C++" >&2
echo "more words"
exit 1
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = tmp_path / "cuda" / "include"
    for name in ("cuda_runtime.h", "crt/host_config.h", "nv/target"):
        (headers / name).parent.mkdir(parents=True, exist_ok=True)
        (headers / name).touch()
    monkeypatch.setattr(dali_build, "_package_folders", list)
    monkeypatch.setenv("CUDA_HOME", str(headers.parent))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return _set_compiler(tmp_path, monkeypatch, COMPILER.format(seconds=0))


def _set_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    path = folder / "compiler"
    path.write_text(script)
    path.chmod(0o755)
    monkeypatch.setenv("CXX", str(path))
    return path


def _runs(compiler: Path) -> int:
    return len(compiler.with_name("compiler.runs").read_text().splitlines())


def _dali(folder: Path, version: str = "9.8.7") -> InstalledDali:
    (folder / "libdali.so").touch()
    return InstalledDali(version, folder, ("-DABI=1",))


def test_it_is_built_once_for_each_dali(tmp_path: Path, compiler: Path) -> None:
    first = built_plugin(_dali(tmp_path))
    assert first.read_text() == "built\n"
    assert first.is_relative_to(tmp_path / "cache" / "fastpass")
    assert built_plugin(_dali(tmp_path)) == first
    assert _runs(compiler) == 1
    other = built_plugin(_dali(tmp_path, "9.9.0"))
    assert other != first
    assert "9.9.0" in other.parent.name
    (tmp_path / "libdali.so").write_text("of another build")
    assert built_plugin(_dali_as_it_is(tmp_path)) not in (first, other)
    assert _runs(compiler) == 3
    assert first.exists()
    assert "-std=c++20" in first.with_name("build.log").read_text()


def _dali_as_it_is(folder: Path) -> InstalledDali:
    return InstalledDali("9.8.7", folder, ("-DABI=1",))


def test_those_who_come_meanwhile_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = _set_compiler(tmp_path, monkeypatch, COMPILER.format(seconds=0.5))
    dali = _dali(tmp_path)
    with ThreadPoolExecutor(3) as threads:
        plugins = list(threads.map(built_plugin, [dali] * 3))
    assert len(set(plugins)) == 1
    assert _runs(compiler) == 1


def _another_process(dali: InstalledDali) -> subprocess.Popen[str]:
    code = f"""
from pathlib import Path, PosixPath
from fastpass.feed import dali_build
from fastpass.feed.dali_build import InstalledDali
dali_build._package_folders = list
print(dali_build.built_plugin({dali!r}))
"""
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def test_processes_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = _set_compiler(tmp_path, monkeypatch, COMPILER.format(seconds=0.5))
    dali = _dali(tmp_path)
    others = [_another_process(dali) for _ in range(2)]
    plugins = {other.communicate(timeout=60)[0].strip() for other in others}
    assert plugins == {str(built_plugin(dali))}
    assert _runs(compiler) == 1


def test_after_a_build_that_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = _set_compiler(tmp_path, monkeypatch, COMPILER.format(seconds=60))
    dali = _dali(tmp_path)
    other = _another_process(dali)
    while not compiler.with_name("compiler.runs").exists():
        assert other.poll() is None
        time.sleep(0.02)
    os.killpg(other.pid, signal.SIGKILL)
    other.wait()
    _set_compiler(tmp_path, monkeypatch, COMPILER.format(seconds=0))
    plugin = built_plugin(dali)
    assert plugin.read_text() == "built\n"
    names = sorted(path.name for path in plugin.parent.iterdir())
    assert names == ["build.log", plugin.name, "lock"]


def test_progress_is_told(tmp_path: Path, compiler: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Also where nobody has set up logging: Python shows warnings then."""
    with caplog.at_level(logging.WARNING, "fastpass"):
        plugin = built_plugin(_dali(tmp_path))
    first, last = [record.getMessage() for record in caplog.records]
    assert first.startswith("building fastpass's operators for DALI 9.8.7, once, about half a min")
    assert first.endswith(str(plugin))
    assert last == "built them in 0 s"


def test_the_compilers_words_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _set_compiler(tmp_path, monkeypatch, FAILING)
    with pytest.raises(MissingBackend, match="error: that is no C") as raised:
        built_plugin(_dali(tmp_path))
    (log,) = (tmp_path / "cache").rglob("build.log")
    assert str(log) in str(raised.value)
    assert "more words" in log.read_text()
    assert sorted(path.name for path in log.parent.iterdir()) == ["build.log", "lock"]
    _set_compiler(tmp_path, monkeypatch, COMPILER.format(seconds=0))
    assert built_plugin(_dali(tmp_path)).parent == log.parent


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingBackend, match=r"no C\+\+ compiler: install g\+\+"):
        built_plugin(_dali(tmp_path))


def test_no_headers(tmp_path: Path, compiler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cuda" / "include" / "nv" / "target").unlink()
    with pytest.raises(MissingBackend, match=r"CUDA's headers \(.*pip install"):
        built_plugin(_dali(tmp_path))


def test_a_cache_that_cannot_be_written(
    tmp_path: Path, compiler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a_file"))
    with pytest.raises(WriteFailed, match="a_file"):
        built_plugin(_dali(tmp_path))


def test_a_user_without_a_home(compiler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    with pytest.raises(MissingBackend, match="set XDG_CACHE_HOME to"):
        dali_build._cache_folder()


def test_what_is_no_plugin_is_named(tmp_path: Path) -> None:
    pytest.importorskip("nvidia.dali", reason="NVIDIA DALI is not installed")
    from fastpass.feed import dali_operators

    plugin = tmp_path / "libfastpass_dali.so"
    plugin.write_text("no library")
    with pytest.raises(MissingBackend, match=r"libfastpass_dali\.so cannot be loaded .*remove"):
        dali_operators._load(plugin)


def test_a_plugin_of_another_fastpass_is_named(tmp_path: Path) -> None:
    pytest.importorskip("nvidia.dali", reason="NVIDIA DALI is not installed")
    from fastpass.feed import dali_operators

    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no gcc to make a library with")
    plugin = tmp_path / "libfastpass_dali.so"
    code = "int fastpass_dali_connect(const char* path) { return 99; }"
    command = [gcc, "-shared", "-fPIC", "-x", "c", "-", "-o", str(plugin)]
    subprocess.run(command, input=code, text=True, check=True)
    with pytest.raises(MissingBackend, match=r"another version of fastpass.*remove its folder"):
        dali_operators._load(plugin)


def test_without_dali() -> None:
    code = """
import sys
sys.modules["nvidia.dali"] = None
from fastpass.feed import dali
from fastpass.errors import MissingBackend
try:
    dali.enable()
except MissingBackend as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "NVIDIA DALI is not installed: run `pip install" in result.stdout, result.stderr
