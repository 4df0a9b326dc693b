"""Thousands of decodes, good and bad, leave no memory behind."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.jpeg_decoders import JPEG_DECODERS

_PROGRAM = """
import contextlib, io, sys
import numpy as np
from PIL import Image
import fastpass as fp
from support.jpeg_writer import JpegSpec, write_jpeg
from support.pictures import jpeg

backend = sys.argv[1]

def resident():
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])

buffer = io.BytesIO()
noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
Image.fromarray(noise).save(buffer, "JPEG", progressive=True)
odd = write_jpeg(JpegSpec(90, 70, ((2, 2), (1, 1), (1, 1)), restart_interval=2))
files = [jpeg(0, 300, 400), buffer.getvalue(), odd]
files += [data[: len(data) * 2 // 3] for data in files]

def decode(count):
    for i in range(count):
        data = files[i % len(files)]
        with contextlib.suppress(fp.FastpassError):
            if i % 5 == 0:
                fp.decode_jpeg(data, backend=backend, on_damage="fill", scale_denominator=2)
            elif i % 5 == 1:
                fp.decode_jpeg(data, backend=backend, crop=fp.CropBox(40, 30, 20, 25))
            else:
                fp.decode_jpeg(data, backend=backend)

decode(300)
before = resident()
decode(2000)
print(resident() - before)
"""


@pytest.mark.parametrize("backend", JPEG_DECODERS)
def test_resident_memory_is_flat_over_two_thousand_decodes(backend: str) -> None:
    """KiB gained; a decode that forgot one row of one image would gain more."""
    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM, backend],
        capture_output=True,
        text=True,
        timeout=200,
        env={"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 2000
