"""Every backend of the loader makes the batches of the native one: bits, order, state, errors."""

from __future__ import annotations

import gc
import logging
import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.backends import BACKENDS, enabled_backend
from support.pictures import image_folder, jpeg
from support.tars import image_tar

import fastpass as fp
from fastpass.pack.writer import pack_folder

torch = pytest.importorskip("torch")
RECIPE = fp.recipes.dino(global_size=24, local_size=16, num_local_crops=1)
NUM_SAMPLES = 45


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return enabled_backend(request.param)


def _readable(source: Any, backend: str, folder: Path) -> Any:
    """The source, or what FFCV reads in its place."""
    if backend != "ffcv":
        return source
    return pack_folder(source, folder, to="beton").output


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory, backend: str) -> Any:
    folder = tmp_path_factory.mktemp("tars")
    paths = [image_tar(folder / "a.tar", range(13)), image_tar(folder / "b.tar", range(13, 45))]
    fp.Pack(paths[0]).close()  # with an index, seek indexes in it
    return _readable([str(path) for path in paths], backend, folder / "all.beton")


@pytest.fixture
def damaged(tmp_path: Path, backend: str) -> Any:
    """24 pictures, of which three cannot be decoded, each for a reason of its own."""
    root = image_folder(tmp_path / "root")
    (root / "class_0" / "picture_1.jpg").write_bytes(b"no picture")
    cut = root / "class_1" / "picture_2.jpg"
    cut.write_bytes(cut.read_bytes()[:700])
    (root / "class_2" / "picture_7.jpg").write_bytes(jpeg(3, 400, 500))
    return _readable(root, backend, tmp_path / "all.beton")


def _loader(source: Any, backend: str, **options: Any) -> fp.Loader:
    given = {"batch_size": 6, "threads": 2, "seed": 2**63 + 5, "backend": backend, **options}
    return fp.Loader(source, RECIPE, **given)


def _bits(tensor: Any) -> Any:
    return tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor


def _assert_equal(got: fp.Batch, wanted: fp.Batch) -> None:
    assert got.sample_ids.equal(wanted.sample_ids)
    for name in ("labels", "weights"):
        mine, native = getattr(got, name), getattr(wanted, name)
        assert (mine is None) == (native is None)
        assert mine is None or mine.equal(native)
    for view, native in zip(got.views, wanted.views, strict=True):
        assert (view.dtype, view.shape, view.stride()) == (
            native.dtype,
            native.shape,
            native.stride(),
        )
        assert _bits(view).equal(_bits(native))


@pytest.mark.parametrize(
    "options",
    [
        {"drop_last": False},
        {"shuffle": False, "reads": "pread"},
        {"order": "quasi_random", "pad_last": True, "mode": "exact"},
        {"rank": 1, "world_size": 2, "drop_last": False, "orientation": "apply"},
        {"weights": np.arange(NUM_SAMPLES), "batches_ahead": 4},
        {"dtype": "float16", "batch_size": 1},
        {"dtype": "bfloat16", "memory_format": "channels_last"},
        {"dtype": "uint8", "batch_size": 100, "drop_last": False},
    ],
    ids=str,
)
def test_batches_are_those_of_the_native_one(
    tars: Any, backend: str, options: dict[str, Any]
) -> None:
    if backend == "ffcv":  # reads by mapping only
        options = {name: value for name, value in options.items() if name != "reads"}
    with _loader(tars, backend, **options) as mine, _loader(tars, "native", **options) as native:
        for _ in range(2):
            assert len(mine) == len(native)
            for got, wanted in zip(mine, native, strict=True):
                _assert_equal(got, wanted)
        assert mine.epoch == native.epoch == 2
        assert mine.state_dict() == native.state_dict()


def test_a_run_goes_on_in_another_backend(tars: Any, backend: str) -> None:
    for first, second in ((backend, "native"), ("native", backend)):
        with _loader(tars, first) as loader:
            batches = iter(loader)
            next(batches)
            next(batches)
            state = loader.state_dict()
            rest = list(batches)
        with _loader(tars, second, batch_size=3, threads=1) as loader:
            loader.load_state_dict(state)
            views = torch.cat([batch.views[0] for batch in loader])
        assert torch.equal(views[: 6 * len(rest)], torch.cat([batch.views[0] for batch in rest]))


def test_leaving_early_and_going_elsewhere(tars: Any, backend: str) -> None:
    with _loader(tars, backend) as mine, _loader(tars, "native") as native:
        for epoch in (0, 5, 5, 1):
            mine.set_epoch(epoch)
            native.set_epoch(epoch)
            for got, wanted in zip(islice(mine, 2), islice(native, 2), strict=True):
                _assert_equal(got, wanted)
        for got, wanted in zip(mine, native, strict=True):
            _assert_equal(got, wanted)


# ---- damage --------------------------------------------------------------------------------------


def test_the_same_samples_are_skipped(
    damaged: Any, backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"on_error": "skip", "max_pixels": 100_000, "drop_last": False}
    with (
        _loader(damaged, backend, **options) as mine,
        _loader(damaged, "native", **options) as native,
    ):
        with caplog.at_level(logging.WARNING, "fastpass"):
            for got, wanted in zip(mine, native, strict=True):
                _assert_equal(got, wanted)
        assert mine.skipped == native.skipped
        assert len(mine.skipped) == 3
        logged = Counter(record.getMessage() for record in caplog.records)
        assert sorted(logged.values()) == [2, 2, 2]
        ours, theirs = mine.stats(), native.stats()
        for name in ("num_images", "num_batches", "num_skipped", "num_rendered"):
            assert getattr(ours, name) == getattr(theirs, name), name
        assert min(ours.decode_seconds, ours.augment_seconds) > 0
        assert ours.read_seconds > 0 or backend == "ffcv"  # which reads while it decodes


def test_a_batch_of_damaged_samples_is_left_out(tmp_path: Path, backend: str) -> None:
    root = image_folder(tmp_path / "root", num_classes=1, per_class=4)
    for number in (0, 1):
        (root / "class_0" / f"picture_{number}.jpg").write_bytes(b"no picture")
    source = _readable(root, backend, tmp_path / "all.beton")
    options = {"batch_size": 2, "shuffle": False, "on_error": "skip"}
    with (
        _loader(source, backend, **options) as mine,
        _loader(source, "native", **options) as native,
    ):
        (got,), (wanted,) = mine, native
        _assert_equal(got, wanted)


def test_the_same_error_ends_the_iteration_and_the_next_loader_works(
    damaged: Any, backend: str
) -> None:
    raised = []
    for name in (backend, "native"):
        with _loader(damaged, name, shuffle=False, batch_size=4) as loader:
            with pytest.raises(fp.FastpassError) as error:
                list(loader)
        raised.append((type(error.value), str(error.value), error.value.byte_offset))
    assert raised[0] == raised[1]
    with _loader(damaged, backend, shuffle=False, batch_size=8, on_damage="fill") as loader:
        next(iter(loader.pack))
        with pytest.raises(fp.UnsupportedImage):
            list(loader)


def test_a_file_that_is_gone_is_named_with_either_policy(tmp_path: Path, backend: str) -> None:
    if backend == "ffcv":
        pytest.skip("a .beton is one file, and stays mapped")
    root = image_folder(tmp_path, num_classes=1, per_class=6)
    raised = []
    for name in (backend, "native"):
        with _loader(root, name, shuffle=False, batch_size=2, on_error="skip") as loader:
            batches = iter(loader)
            gone = root / "class_0" / "picture_5.jpg"
            kept = gone.read_bytes()
            gone.unlink()
            with pytest.raises(fp.errors.FastpassError) as error:
                list(batches)
            gone.write_bytes(kept)
        raised.append((type(error.value), str(error.value)))
    assert raised[0] == raised[1]


# ---- what is held --------------------------------------------------------------------------------


def test_batches_may_be_kept_also_after_the_end(tars: Any, backend: str) -> None:
    with _loader(tars, "native") as native:
        wanted = list(native)
    loader = _loader(tars, backend)
    kept = list(loader)
    copies = [[view.clone() for view in batch.views] for batch in kept]
    list(loader)
    loader.close()
    del loader
    gc.collect()
    for batch, views, native_batch in zip(kept, copies, wanted, strict=True):
        _assert_equal(batch, native_batch)
        assert all(map(torch.equal, batch.views, views))


def test_the_memory_of_batches_is_used_again(tars: Any, backend: str) -> None:
    with _loader(tars, backend) as loader:
        for _ in range(3):
            for _ in loader:
                pass
        warm = loader.stats().num_slots
        for _ in range(6):
            for _ in loader:
                pass
        assert 0 < warm <= loader.stats().num_slots <= 6
        kept = [batch.views for batch in loader]
        assert len({views[0].data_ptr() for views in kept}) == len(kept)


def _threads_and_files() -> tuple[int, int]:
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_threads_files_and_memory_go(tars: Any, backend: str) -> None:
    def run() -> None:
        with _loader(tars, backend) as loader:
            for _ in range(3):
                for _ in loader:
                    pass

    run()
    gc.collect()
    before, memory = _threads_and_files(), _resident_bytes()
    for _ in range(10):
        run()
    gc.collect()
    after = _threads_and_files()
    assert after[0] <= before[0]
    assert after[1] <= before[1]
    # numba keeps the code that it has compiled for each of FFCV's loaders.
    assert _resident_bytes() - memory < (100 if backend == "ffcv" else 32) << 20


def test_a_closed_loader_says_so(tars: Any, backend: str) -> None:
    loader = _loader(tars, backend)
    running = iter(loader)
    next(running)
    stats = loader.stats()
    loader.close()
    assert loader.stats().num_images == stats.num_images == 6
    with pytest.raises(fp.Closed, match="make a new one"):
        next(running)
    with pytest.raises(fp.Closed, match="make a new one"):
        iter(loader)


def test_a_fork_is_refused_and_ends(tars: Any, backend: str) -> None:
    with _loader(tars, backend) as loader:
        batches = iter(loader)
        next(batches)
        child = os.fork()
        if child == 0:
            try:
                next(batches)
            except fp.Closed as error:
                loader.close()
                os._exit(7 if "a fork of it" in str(error) else 8)
            os._exit(9)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7
        assert len(list(batches)) == len(loader) - 1


def test_two_backends_side_by_side(tars: Any, backend: str) -> None:
    with _loader(tars, backend) as mine, _loader(tars, "native") as native:
        pairs: Iterator[tuple[fp.Batch, fp.Batch]] = zip(mine, native, strict=True)
        assert all(got.views[1].equal(wanted.views[1]) for got, wanted in pairs)


def test_all_backends_side_by_side(tmp_path: Path) -> None:
    for name in BACKENDS:
        enabled_backend(name)
    path = tmp_path / "all.beton"
    pack_folder(image_folder(tmp_path / "root"), path, to="beton")
    with (
        _loader(path, "native") as native,
        _loader(path, "dali") as dali,
        _loader(path, "ffcv") as ffcv,
    ):
        for _ in range(2):
            for wanted, *others in zip(native, dali, ffcv, strict=True):
                for batch in others:
                    _assert_equal(batch, wanted)


def test_a_gpu_is_refused_by_name(tars: Any, backend: str) -> None:
    with pytest.raises(fp.MissingBackend, match="on the CPU, not on 'cuda'"):
        _loader(tars, backend, device="cuda")


def test_ffcv_refuses_files_whose_rows_it_cannot_know(tmp_path: Path) -> None:
    """FFCV's own files, which Pack reads, and one whose ids are not those of its keys."""
    pytest.importorskip("ffcv", reason="FFCV is not installed")
    path = tmp_path / "all.beton"
    pack_folder(image_folder(tmp_path / "root"), path, to="beton")
    whole = path.read_bytes()
    checksum = 24 + 17 + 12  # none, as in files of FFCV's writer: it would show what was changed
    whole = whole[:checksum] + bytes(4) + whole[checksum + 4 :]
    first_id = 24 + 3 * 1041 + 40  # header, fields, then the first row's last column
    other_id = whole[:first_id] + bytes(8) + whole[first_id + 8 :]
    other_name = whole.replace(b"sample_id", b"my_number", 1)
    for changed in (other_id, other_name):
        path.write_bytes(changed)
        with fp.Pack(path, index="ignore") as pack, pytest.raises(fp.MissingBackend, match="--to"):
            _loader(pack, "ffcv")
