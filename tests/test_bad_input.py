"""Every wrong argument at a public entry point is a FastpassError that names it."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.pictures import image_folder, jpeg

import fastpass as fp

DATA = jpeg(1)
RECIPE = fp.recipes.rrc(size=32)
NOT_CONTIGUOUS = np.frombuffer(DATA, np.uint8)[::2]

DECODE: list[Callable[[], Any]] = [
    lambda: fp.decode_jpeg(None),  # type: ignore[call-overload]
    lambda: fp.decode_jpeg(3),  # type: ignore[call-overload]
    lambda: fp.decode_jpeg("text"),  # type: ignore[call-overload]
    lambda: fp.decode_jpeg(NOT_CONTIGUOUS),
    lambda: fp.decode_jpeg(DATA, threads="2"),  # type: ignore[call-overload]
    lambda: fp.decode_jpeg([DATA], threads=-3),
    lambda: fp.decode_jpeg([DATA], threads=2**40),
    lambda: fp.decode_jpeg(DATA, max_pixels=2**70),
    lambda: fp.decode_jpeg(DATA, crop=(0, 0, 1, 1)),  # type: ignore[call-overload]
    lambda: fp.decode_jpeg(DATA, crop=fp.CropBox(0, 0, 2**40, 1)),
    lambda: fp.decode_jpeg(DATA, crop=fp.CropBox(5, 5, 0, 0)),
    lambda: fp.decode_jpeg(DATA, crop=fp.CropBox(0.5, 0, 1, 1)),  # type: ignore[arg-type]
    lambda: fp.decode_image("a"),  # type: ignore[arg-type]
    lambda: fp.decode_image(DATA, max_pixels="a"),  # type: ignore[arg-type]
    lambda: fp.probe("a"),  # type: ignore[arg-type]
    lambda: fp.probe(None),  # type: ignore[arg-type]
    lambda: fp.probe(NOT_CONTIGUOUS),
]
AUGMENT: list[Callable[[], Any]] = [
    lambda: fp.draw(None, 4, 4, seed=0),  # type: ignore[arg-type]
    lambda: fp.draw(RECIPE, 4.5, 4, seed=0),  # type: ignore[arg-type]
    lambda: fp.render(DATA, None, seed=0),  # type: ignore[arg-type]
    lambda: fp.render(None, RECIPE, seed=0),
    lambda: fp.render(DATA, RECIPE, seed=0, params=3),  # type: ignore[arg-type]
    lambda: fp.render(DATA, RECIPE, seed=0, params=["a"]),  # type: ignore[list-item]
    lambda: fp.render(DATA, RECIPE, seed=0, normalize="x"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", DECODE + AUGMENT)
def test_wrong_values_are_bad_arguments(call: Callable[[], Any]) -> None:
    with pytest.raises(fp.BadArgument):
        call()


@pytest.mark.parametrize("source", [None, 3, [None]])
def test_wrong_sources(source: Any) -> None:
    with pytest.raises(fp.BadArgument, match="source"):
        fp.Pack(source)


@pytest.mark.parametrize(
    "options",
    [
        {"threads": 2**40},
        {"threads": 5000},
        {"batch_size": 2**60},
        {"seed": "a"},
        {"seed": 1.0},
        {"seed": None},
        {"rank": "0", "world_size": 1},
        {"max_pixels": "a"},
        {"device": "foo"},
        {"device": None},
        {"recipe": None},
    ],
)
def test_wrong_loader_options(tmp_path: Path, options: dict[str, Any]) -> None:
    root = image_folder(tmp_path / "root", num_classes=1, per_class=2)
    with pytest.raises(fp.BadArgument):
        fp.Loader(root, options.pop("recipe", RECIPE), **{"batch_size": 2, **options})


def test_wrong_loader_states(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root", num_classes=1, per_class=2)
    with fp.Loader(root, RECIPE, batch_size=2) as loader:
        good = loader.state_dict()
        for state in (None, {**good, "samples_done": -3}, {**good, "epoch": 1.5}):
            with pytest.raises(fp.BadArgument):
                loader.load_state_dict(state)  # type: ignore[arg-type]
        with pytest.raises(fp.ConfigError, match="lacks epoch"):
            loader.load_state_dict({key: good[key] for key in good if key != "epoch"})
        for epoch in ("a", 1.5, -1):
            with pytest.raises(fp.BadArgument):
                loader.set_epoch(epoch)  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_process_group")
def test_a_wrong_environment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = image_folder(tmp_path / "root", num_classes=1, per_class=2)
    monkeypatch.setenv("RANK", "first")
    with pytest.raises(fp.BadArgument, match="RANK='first'"):
        fp.Loader(root, RECIPE, batch_size=2)


def test_faults_of_png_files_keep_their_names_in_a_loader(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("L", (3000, 3000)).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    buffer = io.BytesIO()
    Image.new("F", (30, 30)).save(buffer, "TIFF")  # floating-point samples
    (tmp_path / "b.png").write_bytes(buffer.getvalue())
    with fp.Loader(
        tmp_path, RECIPE, batch_size=1, shuffle=False, max_pixels=10**6, on_error="skip"
    ) as loader:
        assert list(loader) == []
        kinds = sorted(reason.split(":")[0] for reason in loader.skipped.values())
    assert kinds == ["ImageTooLarge", "UnsupportedImage"]


_NO_THREADS = """
import resource, sys, fastpass as fp
from support.pictures import jpeg
data = [jpeg(i) for i in range(8)]
fp.recipes, fp.Loader
import torch
space = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (space + (2 << 30),) * 2)
print(len(fp.decode_jpeg(data, threads=8)))
try:
    fp.Loader(sys.argv[1], fp.recipes.rrc(size=32), batch_size=2, threads=2)
except fp.OutOfMemory as error:
    print(error)
"""


def test_a_system_that_grants_no_threads_is_no_crash(tmp_path: Path) -> None:
    """Thread stacks of 8 GiB in 2 GiB of free address space: every thread is refused."""
    root = image_folder(tmp_path / "root", num_classes=1, per_class=2)
    result = subprocess.run(
        [
            "bash",
            "-c",
            'ulimit -s 8388608 && exec "$@"',
            "-",
            sys.executable,
            "-c",
            _NO_THREADS,
            root,
        ],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stderr
    decoded, refusal = result.stdout.splitlines()
    assert decoded == "8"
    assert "no thread could be started" in refusal
