"""The native part of FFCV's decoder: what a damaged file or the end of a process does to it."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.pictures import image_folder, jpeg

import fastpass as fp
from fastpass.augment.request import request_text
from fastpass.feed.c_api import Report
from fastpass.pack.writer import pack_folder

pytest.importorskip("torch")
pytest.importorskip("ffcv", reason="FFCV is not installed")

from fastpass.feed.ffcv_operations import _library

SIZE = 16
MOST = 2**63 - 1


@pytest.mark.parametrize(
    ("image_bytes", "seek_bytes", "key_bytes"),
    [
        (MOST, 8, 0),
        (MOST, MOST, 2),
        (-1, 0, 0),
        (0, -1, 0),
        (10, MOST, 0),
        (10, 0, MOST),
        (1, 1, -9),
    ],
)
def test_lengths_that_no_file_has(image_bytes: int, seek_bytes: int, key_bytes: int) -> None:
    text = request_text(fp.recipes.rrc(SIZE))
    report = Report()
    pool = _library().fastpass_pool_new(text.encode(), ctypes.byref(report))
    data = np.frombuffer(jpeg(1), np.uint8)
    views = np.ones((2, 3, SIZE, SIZE), np.float32)
    outputs = np.array([views.ctypes.data], np.int64)
    try:
        fault = _library().fastpass_pool_render(
            pool, data.ctypes.data, data.size, image_bytes, seek_bytes, key_bytes, 0,
            outputs.ctypes.data, 1, ctypes.addressof(report),
        )  # fmt: skip
    finally:
        _library().fastpass_pool_free(pool)
    assert fault
    error = report.error()
    assert isinstance(error, fp.BadPack)
    assert f"{image_bytes} of the image" in str(error)
    assert (views[0] == 1).all()
    assert (views[1] == 0).all()


ENDS_EARLY = """
import numpy as np
from ffcv.loader import Loader
from fastpass.feed import ffcv

pipelines = {{**ffcv.multi_crop("dino"), "label": None, "sample_id": None}}
loader = Loader({path!r}, batch_size=24, num_workers=2, pipelines=pipelines, batches_ahead=2,
                indices=np.tile(np.arange(24), 20), custom_fields={{"image": ffcv.FastpassField}})
batches = iter(loader)
next(batches)
print("ends", flush=True)
"""


@pytest.mark.long
def test_a_process_may_end_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    path = tmp_path / "all.beton"
    pack_folder(image_folder(tmp_path / "root"), path, to="beton")
    for _ in range(3):
        result = subprocess.run(
            [sys.executable, "-c", ENDS_EARLY.format(path=str(path))],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert (result.returncode, result.stdout) == (0, "ends\n"), result.stderr
