"""Without FFCV, or without numba: a named error, and the process goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.pictures import image_folder

from fastpass.pack.writer import pack_folder

PROGRAM = """
import sys
sys.modules[sys.argv[2]] = None
import fastpass as fp
RECIPE = fp.recipes.evaluation(size=16)
def refused(make):
    try:
        make()
    except fp.MissingBackend as error:
        print(error)
def loader(backend):
    return fp.Loader(sys.argv[1], RECIPE, batch_size=4, drop_last=False, backend=backend)
def imports():
    import fastpass.feed.ffcv
refused(lambda: loader("ffcv"))
refused(imports)
refused(imports)  # again: a module that failed is not half there
with loader("native") as native:
    print(sum(len(batch.sample_ids) for batch in native))
print(sorted({"fastpass.feed.ffcv", "fastpass.feed.ffcv_feed"} & {*sys.modules}))
"""


@pytest.mark.parametrize("absent", ["ffcv", "numba"])
def test_is_an_error_by_name(tmp_path: Path, absent: str) -> None:
    beton = tmp_path / "x.beton"
    pack_folder(image_folder(tmp_path / "root"), beton, to="beton")
    command = [sys.executable, "-c", PROGRAM, beton, absent]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    *refusals, num_samples, modules = run.stdout.splitlines()
    assert len(refusals) == 3
    for refusal in refusals:
        assert "FFCV" in refusal
        assert "pip install 'fastpass[ffcv]'" in refusal
    assert num_samples == "24"
    assert modules == "[]"
