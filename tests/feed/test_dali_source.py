"""``fastpass.feed.dali.external_source``: a loader's batches in DALI, without our operators."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.dali_pipelines import dali, outputs, pipeline
from support.pictures import image_folder

import fastpass as fp
from fastpass.feed.dali import external_source
from fastpass.testing import gpu_twin

torch = pytest.importorskip("torch")
fn, types = dali.fn, dali.types
RECIPE = fp.recipes.dino(global_size=24, local_size=16, num_local_crops=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("root"), num_classes=2, per_class=10)


def _loader(root: Path, **options: Any) -> fp.Loader:
    return fp.Loader(root, RECIPE, batch_size=4, threads=2, seed=3, **options)


def _nodes(loader: fp.Loader) -> list[Any]:
    views, sample_ids, labels = external_source(loader)
    return [*views, sample_ids, *([] if labels is None else [labels])]


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "uint8"])
def test_batches_are_those_of_the_loader(root: Path, dtype: Any, memory_format: Any) -> None:
    options = {"dtype": dtype, "memory_format": memory_format}
    with _loader(root, **options) as loader, _loader(root, **options) as native:
        made = pipeline(lambda: _nodes(loader), batch_size=4, prefetch_queue_depth=5)
        for batch in native:
            *views, sample_ids, labels = made.run()
            assert [int(i) for i in sample_ids.as_array()] == batch.sample_ids.tolist()
            assert batch.labels is not None
            assert [int(label) for label in labels.as_array()] == batch.labels.tolist()
            for view, wanted in zip(views, batch.views, strict=True):
                if memory_format == "channels_last":
                    assert view.layout() == "HWC"
                    wanted = wanted.permute(0, 2, 3, 1)
                if dtype == "bfloat16":
                    wanted = wanted.view(torch.uint16)
                assert np.array_equal(view.as_array(), wanted.numpy())


def test_dali_reads_the_memory_of_the_loader(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And holds on to it until it has: five batches wait in its queue."""
    written, read = [], []

    def look(batch: Any) -> Any:
        read.append(batch[0].ctypes.data)
        return batch

    class Watched(fp.Loader):
        def __iter__(self) -> Any:
            for batch in super().__iter__():
                written.append(batch.views[0].data_ptr())
                yield batch

    with Watched(root, RECIPE, batch_size=4, threads=2, seed=3) as loader:

        def define() -> Any:
            (first, *_), sample_ids, _ = external_source(loader)
            return fn.python_function(first, function=look, batch_processing=True), sample_ids

        made = pipeline(
            define, batch_size=4, exec_dynamic=False, exec_async=False, exec_pipelined=False
        )
        for _ in range(5):
            made.run()
    assert read == written[:5]


def test_epochs_follow_each_other(root: Path) -> None:
    with _loader(root) as loader, _loader(root) as native:
        made = pipeline(lambda: _nodes(loader), batch_size=4)
        for _ in range(3):
            wanted = [batch.sample_ids.tolist() for batch in native]
            got = []
            with pytest.raises(StopIteration):
                while True:
                    got.append([int(i) for i in outputs(made)[-2]])
            made.reset()
            assert got == wanted
    assert len(wanted) == 5


def test_under_the_generic_iterator_and_before_dalis_operators(root: Path) -> None:
    from nvidia.dali.plugin.pytorch import DALIGenericIterator

    with _loader(root, drop_last=False) as loader, _loader(root, drop_last=False) as native:

        def define() -> Any:
            (first, *_), _, labels = external_source(loader)
            return [fn.flip(first, horizontal=1), labels]

        made = pipeline(define, batch_size=4)
        iterator = DALIGenericIterator(made, ["view", "label"], auto_reset=True)
        for _ in range(2):
            for (got,), wanted in zip(iterator, native, strict=True):
                assert got["view"].equal(wanted.views[0].flip(3))
                assert got["label"].flatten().equal(wanted.labels)


def test_a_damaged_image_is_the_loaders_error(root: Path, tmp_path: Path) -> None:
    folder = image_folder(tmp_path, num_classes=1, per_class=8)
    cut = folder / "class_0" / "picture_5.jpg"
    cut.write_bytes(cut.read_bytes()[:700])
    with _loader(folder, shuffle=False) as loader:
        made = pipeline(lambda: _nodes(loader), batch_size=4, prefetch_queue_depth=1)
        made.run()
        with pytest.raises(fp.CorruptImage, match=r"picture_5\.jpg"):
            made.run()
    with _loader(folder, shuffle=False, on_error="skip") as loader:
        made = pipeline(lambda: _nodes(loader), batch_size=4)
        assert [len(made.run()[0]) for _ in range(2)] == [4, 3]


def test_of_a_loader_on_a_gpu(root: Path) -> None:
    with gpu_twin(), _loader(root, device="cuda") as loader, _loader(root) as native:
        made = pipeline(lambda: _nodes(loader), batch_size=4)
        for wanted in native:
            assert np.array_equal(made.run()[0].as_array(), wanted.views[0].numpy())


def test_in_dynamic_mode(root: Path) -> None:
    import nvidia.dali.experimental.dynamic as ndd

    with _loader(root) as loader:
        for batch in loader:
            flipped = ndd.flip(ndd.as_batch(batch.views[0], layout="CHW"), horizontal=1)
            got = np.stack([np.asarray(tensor) for tensor in flipped.tensors])
            assert np.array_equal(got, batch.views[0].flip(3).numpy())


def test_no_compiler_is_needed(root: Path) -> None:
    code = f"""
import os, fastpass as fp
os.environ["PATH"] = ""
from nvidia.dali import Pipeline
from fastpass.feed.dali import external_source
with fp.Loader({str(root)!r}, "rrc", batch_size=2) as loader:
    pipeline = Pipeline(batch_size=2, num_threads=1, device_id=None)
    with pipeline:
        pipeline.set_outputs(*external_source(loader).views)
    print(pipeline.run()[0].as_array().shape)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "(2, 3, 224, 224)\n", result.stderr
