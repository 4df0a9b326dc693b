"""fastpass's decoders in a loop in C++, without Python round every image."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from benchmarks.decode_work import Work
from benchmarks.native_peer import Digests, NativeJob, NativePeer, PassResult, native_jobs

from fastpass.bench.peers.decode_peer import DecodeJob

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "bench"


def run_build(*command: str) -> None:
    """Run a build step; its output is shown only when it fails."""
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PATH": tools}
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


@cache
def load_decode_loop() -> ctypes.CDLL:
    """benchmarks/native/decode_loop.cpp, built when sources are newer (a minute the first time)."""
    run_build(
        "cmake", "-S", ".", "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        "-DFASTPASS_BENCHMARKS=ON", "-DFASTPASS_CUDA=OFF", f"-DPython_EXECUTABLE={sys.executable}",
    )  # fmt: skip
    run_build("cmake", "--build", str(BUILD), "--target", "decode_loop")
    library = ctypes.CDLL(str(BUILD / "benchmarks" / "native" / "libdecode_loop.so"))
    library.decode_pass.restype = None
    library.decode_pass.argtypes = (
        ctypes.c_char_p, ctypes.POINTER(NativeJob), ctypes.c_int32, ctypes.c_int32,
        ctypes.POINTER(ctypes.c_uint64), ctypes.POINTER(PassResult),
    )  # fmt: skip
    library.clock_ghz.restype = ctypes.c_double
    return library


class NativeDecode(NativePeer):
    """One backend; ``indexed``: with the seek index of every photo that has one."""

    def __init__(self, backend: str, *, indexed: bool = False, threads: int = 1) -> None:
        self.name = f"fastpass {backend}{' indexed' if indexed else ''}"
        self.how = "native loop, output reused"
        self.backend = backend
        self.indexed = indexed
        self.threads = threads
        self._library = load_decode_loop()

    def does(self, work: Work) -> bool:
        return not self.indexed or work.scale_denominator == 1

    def _run(self, jobs: Sequence[DecodeJob], digests: Digests | None) -> float:
        array = native_jobs(jobs, indexed=self.indexed)
        result = PassResult()
        self._library.decode_pass(
            self.backend.encode(), array, len(jobs), self.threads, digests, result
        )
        return result.checked_seconds(self.name)
