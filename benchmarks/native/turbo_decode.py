"""libjpeg-turbo 3 through its C API: the copy that comes with Pillow, in a loop in C++."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Literal

from benchmarks.decode_work import Work
from benchmarks.native_decode import BUILD, ROOT, run_build
from benchmarks.native_peer import Digests, NativeJob, NativePeer, PassResult, native_jobs
from PIL import features

from fastpass.bench.peers.decode_peer import DecodeJob

SOURCE = Path(__file__).with_suffix(".cpp")
WAYS = {"whole image": 0, "crop + skip": 1}


def bundled_library() -> Path:
    """Pillow's own libjpeg-turbo (its file name holds a hash); ImportError where it has none."""
    version = features.version("libjpeg_turbo") or "none"
    if not version.startswith("3."):
        raise ImportError(f"Pillow with libjpeg-turbo 3 (it has {version})")
    for file in files("pillow") or ():
        if file.name.startswith("libjpeg-") and ".so" in file.name:
            return Path(str(file.locate()))
    raise ImportError("a Pillow wheel with libjpeg-turbo inside")


def turbo_version() -> str:
    """Version and file of the library that is measured."""
    return f"libjpeg-turbo {features.version('libjpeg_turbo')} ({bundled_library().name})"


@cache
def load_turbo_loop() -> ctypes.CDLL:
    """Compile turbo_decode.cpp against Pillow's library, with the system's header: one ABI, 6.2."""
    library = bundled_library()
    target = BUILD / "turbo_decode.so"
    BUILD.mkdir(parents=True, exist_ok=True)
    run_build(
        "g++", "-std=c++17", "-O2", "-shared", "-fPIC", f"-I{ROOT}", f"-I{ROOT / 'csrc'}",
        str(SOURCE), str(library), f"-Wl,-rpath,{library.parent}", "-ldl",
        "-o", str(target),
    )  # fmt: skip
    loop = ctypes.CDLL(str(target))
    loop.turbo_library.restype = ctypes.c_char_p
    loaded = Path(loop.turbo_library().decode()).name
    if loaded != library.name:
        raise RuntimeError(f"the peer runs {loaded}, wanted {library.name}")
    loop.turbo_pass.restype = None
    loop.turbo_pass.argtypes = (
        ctypes.c_int32, ctypes.POINTER(NativeJob), ctypes.c_int32,
        ctypes.POINTER(ctypes.c_uint64), ctypes.POINTER(PassResult),
    )  # fmt: skip
    return loop


class TurboDecode(NativePeer):
    """way: decode everything (slicing it is free), or the library's own crop and skip."""

    def __init__(self, way: Literal["whole image", "crop + skip"]) -> None:
        self.name = "libjpeg-turbo" if way == "whole image" else f"libjpeg-turbo {way}"
        self.how = "native loop, output reused"
        self._way = WAYS[way]
        self._loop = load_turbo_loop()

    def does(self, work: Work) -> bool:
        return self._way == 0 or work.region is not None

    def _run(self, jobs: Sequence[DecodeJob], digests: Digests | None) -> float:
        array = native_jobs(jobs, indexed=False)
        result = PassResult()
        self._loop.turbo_pass(self._way, array, len(jobs), digests, result)
        return result.checked_seconds(self.name)
