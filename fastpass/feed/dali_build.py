"""DALI's plug-in with our operators: built on this machine, for the DALI that is installed.

DALI's C++ interface changes between its releases, so a plug-in belongs to one of them. What is
built is small (csrc/plugins/dali), and kept in a cache: one folder per DALI and per version of the
sources.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from fastpass._native import core
from fastpass.common.files import PARTIAL, named_failures, written_path
from fastpass.errors import MissingBackend

_log = logging.getLogger("fastpass")

# What DALI's headers include of CUDA's; no GPU and no nvcc are needed.
_CUDA_HEADERS = ("cuda_runtime.h", "crt/host_config.h", "nv/target")
_MOST_COMPILERS = 8  # at a time: each takes half a GB
_NO_HEADERS = (
    "DALI's plug-in of fastpass cannot be built: CUDA's headers ({missing}) were not found in the "
    "Python environment or in the CUDA toolkit: run `pip install 'fastpass[dali]'`, which brings "
    "them, or set CUDA_HOME"
)


@dataclass(frozen=True, slots=True)
class InstalledDali:
    """What a plug-in is built against."""

    version: str
    folder: Path  # with libdali.so
    flags: tuple[str, ...]  # for the compiler: include folders and the ABI of the C++ library


def built_plugin(dali: InstalledDali) -> Path:
    """The plug-in for this DALI, built first where the cache lacks it.

    One process builds; others that want the same wait for it.

    Raises:
        MissingBackend: it cannot be built; the message says why, and where the compiler's words
            are.
        WriteFailed: the cache cannot be written (set XDG_CACHE_HOME to another folder).
    """
    sources = _sources()
    folder = _cache_folder() / f"dali-{dali.version}-{_fingerprint(dali, sources)}"
    plugin = folder / "libfastpass_dali.so"
    if plugin.exists():
        return plugin
    with named_failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        if not plugin.exists():
            _build(dali, sources, plugin)
    return plugin


def _cache_folder() -> Path:
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(chosen):
        return Path(chosen) / "fastpass"
    try:
        return Path.home() / ".cache" / "fastpass"
    except RuntimeError as error:  # a container's user without a name
        raise MissingBackend(
            "DALI's plug-in of fastpass is kept in the home folder, and this user has none: set "
            "XDG_CACHE_HOME to the absolute path of a folder that can be written"
        ) from error


def _sources() -> list[Path]:
    """C++ files and headers: beside the native module where fastpass is installed, else here."""
    for folder in (Path(str(core.__file__)).parent, Path(__file__).parents[2] / "csrc"):
        plugins = folder / "plugins"
        if (plugins / "c_api.h").exists():
            found = [
                *plugins.glob("dali/*.cpp"),
                *plugins.glob("dali/*.h"),
                *plugins.glob("*_api.h"),
            ]
            return sorted(found)
    raise MissingBackend(
        "the sources of DALI's plug-in are missing from this installation: install fastpass again"
    )


def _fingerprint(dali: InstalledDali, sources: list[Path]) -> str:
    """Differs where the plug-in would: other sources, another DALI (also of the same version)."""
    library = dali.folder / "libdali.so"
    digest = hashlib.sha256(f"{library} {library.stat().st_size} {dali.flags}".encode())
    for source in sources:
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The lock goes with this process, however it ends."""
    with named_failures(path):
        file = path.open("w")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(dali: InstalledDali, sources: list[Path], plugin: Path) -> None:
    """Under the lock: what lies there unfinished is of a process that was killed."""
    options = ["-std=c++20", "-O1", "-fPIC", "-w", *dali.flags]
    options += [f"-isystem{folder}" for folder in _cuda_include_folders()]
    compiler, files = _compiler(), [source for source in sources if source.suffix == ".cpp"]
    log = plugin.with_name("build.log")
    _log.warning(
        "building fastpass's operators for DALI %s, once, about half a minute: %s",
        dali.version,
        plugin,
    )
    began = time.monotonic()
    for left in plugin.parent.glob(f".*{PARTIAL}"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    with (
        TemporaryDirectory(dir=plugin.parent, prefix=".objects-", suffix=PARTIAL) as made,
        written_path(plugin) as temporary,
    ):
        objects = [str(Path(made) / f"{file.stem}.o") for file in files]
        commands = [
            [compiler, *options, "-c", str(file), "-o", object]
            for file, object in zip(files, objects, strict=True)
        ]
        link = [compiler, "-shared", "-o", str(temporary), *objects, f"-L{dali.folder}", "-ldali"]
        if not (_run(commands, log, mode="w") and _run([link], log, mode="a")):
            raise MissingBackend(
                f"fastpass's operators for DALI {dali.version} could not be built: "
                f"{_first_error(log)}; all of the compiler's words are in {log}"
            )
    _log.warning("built them in %.0f s", time.monotonic() - began)


def _run(commands: list[list[str]], log: Path, *, mode: str) -> bool:
    """Some at a time; whether all went well. Their words are in the log, in their order."""

    def run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )

    with ThreadPoolExecutor(min(_MOST_COMPILERS, os.cpu_count() or 1)) as threads:
        results = list(threads.map(run, commands))
    with log.open(mode + "b") as words:
        for result in results:
            words.write(" ".join(result.args).encode() + b"\n" + result.stdout)
    return not any(result.returncode for result in results)


def _compiler() -> str:
    for name in (os.environ.get("CXX", ""), "g++", "clang++", "c++"):
        if name and (found := shutil.which(name)):
            return found
    raise MissingBackend(
        "DALI's plug-in of fastpass is built on this machine, and there is no C++ compiler: "
        "install g++ 11 or newer (Debian and Ubuntu: apt-get install g++), or set CXX; or use "
        "fastpass.feed.dali.external_source, which needs none (docs/feed.md)"
    )


def _cuda_include_folders() -> list[Path]:
    """Those of the first place that has all headers: the environment's packages, the toolkit."""
    for place in (_package_folders(), _toolkit_folders()):
        folders = [folder for folder in place if folder.is_dir()]
        missing = [name for name in _CUDA_HEADERS if not _is_in(name, folders)]
        if not missing:
            return folders
    raise MissingBackend(_NO_HEADERS.format(missing=", ".join(_CUDA_HEADERS)))


def _is_in(name: str, folders: list[Path]) -> bool:
    return any((folder / name).exists() for folder in folders)


def _package_folders() -> list[Path]:
    spec = find_spec("nvidia")
    roots = [Path(root) for root in (spec.submodule_search_locations or ())] if spec else []
    parts = ("cu13", "cuda_runtime", "cuda_nvcc", "cuda_crt", "cuda_cccl")
    folders = [root / part / "include" for root in roots for part in parts]
    return folders + [folder / "cccl" for folder in folders]


def _toolkit_folders() -> list[Path]:
    chosen = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH") or "/usr/local/cuda"
    folder = Path(chosen) / "include"
    return [folder, folder / "cccl"]


def _first_error(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return next((line.strip() for line in lines if "error" in line), "the compiler failed")[:300]
