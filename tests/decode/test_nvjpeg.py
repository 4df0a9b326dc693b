"""The nvJPEG backend: its constants against NVIDIA's header; its pixels where there is a GPU."""

from __future__ import annotations

import ctypes
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from support.pictures import jpeg

from fastpass.decode import nvjpeg_library as nv
from fastpass.decode.nvjpeg import NvJpegDecoder, decode_batch
from fastpass.errors import CorruptImage, DeviceFailed, MissingBackend


def _header() -> Path:
    package = importlib.util.find_spec("nvidia")
    roots = [Path(p) for p in (package.submodule_search_locations or [])] if package else []
    found = [path for root in roots for path in root.glob("*/include/nvjpeg.h")]
    found += Path("/usr/local/cuda/include").glob("nvjpeg.h")
    if not found:
        pytest.skip("nvjpeg.h is not installed")
    return found[0]


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not installed")
def test_constants_and_struct_are_the_headers(tmp_path: Path) -> None:
    header = _header()
    names = [f"NVJPEG_STATUS_{name}" for name in nv.STATUS_NAMES]
    names += [f"NVJPEG_BACKEND_{name.upper()}" for name in nv.BACKENDS]
    names += ["NVJPEG_OUTPUT_RGBI", "NVJPEG_MAX_COMPONENT", "sizeof(nvjpegImage_t)"]
    text = "#include <stdio.h>\n#include <nvjpeg.h>\nint main(void) {\n"
    text += "".join(f'printf("%d\\n", (int)({name}));\n' for name in names) + "return 0; }\n"
    (tmp_path / "values.cu").write_text(text)
    shutil.copy(header, tmp_path)  # alone: the headers it includes are those of this nvcc
    command = ["nvcc", "-I.", "values.cu", "-o", "values"]
    subprocess.run(command, cwd=tmp_path, check=True)
    printed = subprocess.run(
        [str(tmp_path / "values")], capture_output=True, text=True, check=True
    ).stdout.split()
    ours = [*range(len(nv.STATUS_NAMES)), *nv.BACKENDS.values()]
    ours += [nv.OUTPUT_RGB_INTERLEAVED, nv.MAX_COMPONENTS, ctypes.sizeof(nv.Image)]
    assert [int(number) for number in printed] == ours


@pytest.mark.parametrize("function", nv.PROTOTYPES)
def test_prototypes_have_the_headers_number_of_arguments(function: str) -> None:
    text = re.sub(r"//.*", "", _header().read_text())
    declared = re.search(rf"\b{function}\s*\(([^)]*)\)", text)
    assert declared, f"{function} is not in the header"
    assert len(declared[1].split(",")) == len(nv.PROTOTYPES[function])


def test_the_library_loads_without_a_gpu() -> None:
    try:
        nv.library()
    except MissingBackend as error:
        pytest.skip(str(error))
    assert re.fullmatch(r"\d+\.\d+\.\d+", nv.version())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so() -> None:
    try:
        nv.library()
    except MissingBackend as error:
        pytest.skip(str(error))
    with pytest.raises(DeviceFailed, match=r"starting nvJPEG \(gpu_hybrid\) failed: NVJPEG_STATUS"):
        NvJpegDecoder("gpu_hybrid")


class _Stream:
    """A stream that knows whether somebody has waited for it."""

    is_finished = False

    def synchronize(self) -> None:
        self.is_finished = True


def test_a_refused_batch_is_waited_for_on_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """nvJPEG may still read the bytes of the images before the one that it refuses."""
    streams = {torch.device("cuda:1"): _Stream()}
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: streams[device])

    class Refusing:
        def decode(self, *_: object) -> tuple[int, int]:
            return nv.BAD_JPEG, 1

    decoder = object.__new__(NvJpegDecoder)
    vars(decoder).update(_hardware=None, _kernels=Refusing())
    outputs = [SimpleNamespace(device=torch.device("cuda:1"))] * 2
    with pytest.raises(CorruptImage, match="image 1 of 2"):
        decoder.decode([memoryview(b"a"), memoryview(b"b")], outputs)
    assert streams[torch.device("cuda:1")].is_finished


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    nv.library.cache_clear()
    monkeypatch.setattr(nv, "candidates", lambda: iter(["libnvjpeg.so.0"]))
    try:
        with pytest.raises(MissingBackend, match=r"libnvjpeg was not found \(libnvjpeg.so.0\)"):
            nv.library()
    finally:
        nv.library.cache_clear()


@pytest.mark.needs_cuda
class TestOnAGpu:
    @staticmethod
    def batch(count: int) -> list[memoryview]:
        return [memoryview(jpeg(i, height=40 + 8 * i)) for i in range(count)]

    @pytest.mark.parametrize("count", [1, 3, 60])
    def test_close_to_ours(self, count: int) -> None:
        import fastpass as fp

        batch = self.batch(count)
        for data, image in zip(batch, decode_batch(batch), strict=True):
            expected = fp.decode_jpeg(data).astype(int)
            assert image.shape == expected.shape
            assert np.abs(image.cpu().numpy().astype(int) - expected).mean() < 3

    def test_a_crop_is_a_slice(self) -> None:
        import fastpass as fp

        batch = self.batch(2)
        box = fp.CropBox(8, 16, 20, 30)
        for whole, part in zip(decode_batch(batch), decode_batch(batch, crop=box), strict=True):
            assert torch.equal(part, whole[8:28, 16:46])

    def test_a_truncated_header_names_its_position(self) -> None:
        batch = self.batch(3)
        batch[1] = batch[1][:30]
        with pytest.raises(CorruptImage, match="image 1 of 3"):
            decode_batch(batch)
