"""The loader and damaged samples, exceptions, signals, memory."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from support.pictures import image_folder, jpeg

import fastpass as fp

RECIPE = fp.recipes.rrc(size=32)


@pytest.fixture
def damaged_folder(tmp_path: Path) -> Path:
    """24 pictures, 3 of them damaged in different ways."""
    root = image_folder(tmp_path / "root")
    whole = jpeg(1)
    (root / "class_0" / "picture_2.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "class_1" / "picture_0.jpg").write_bytes(b"this is no picture")
    (root / "class_2" / "picture_7.jpg").write_bytes(b"")
    return root


def _loader(source: Path, **options: object) -> fp.Loader:
    return fp.Loader(source, RECIPE, **{"batch_size": 6, "threads": 2, **options})  # type: ignore[arg-type]


def test_raise_names_the_file_and_the_loader_lives_on(damaged_folder: Path) -> None:
    with _loader(damaged_folder, shuffle=False) as loader:
        for _ in range(2):
            with pytest.raises(fp.CorruptImage, match=r"class_0/picture_2\.jpg.*damaged JPEG"):
                next(iter(loader))


def test_skip_leaves_out_counts_and_reports(damaged_folder: Path) -> None:
    pack = fp.Pack(damaged_folder)
    bad = {
        pack[i].sample_id: pack[i].key
        for i in range(len(pack))
        if pack[i].key in ("class_0/picture_2", "class_1/picture_0", "class_2/picture_7")
    }
    assert len(bad) == 3
    with _loader(damaged_folder, on_error="skip") as loader:
        seen = [i for batch in loader for i in batch.sample_ids.tolist()]
        assert len(seen) == len(set(seen)) == 21
        assert not set(seen) & bad.keys()
        assert loader.stats().num_skipped == 3
        assert loader.skipped.keys() == bad.keys()
        for sample_id, key in bad.items():
            assert key in loader.skipped[sample_id]
        list(loader)
        assert loader.stats().num_skipped == 6
        assert len(loader.skipped) == 3


def test_skipping_does_not_change_the_others(damaged_folder: Path) -> None:
    with _loader(damaged_folder, on_error="skip") as loader:
        for batch in loader:
            for row, sample_id in enumerate(batch.sample_ids.tolist()):
                sample = next(s for s in loader.pack if s.sample_id == sample_id)
                by_hand = fp.render(sample.data, RECIPE, seed=0, sample_id=sample_id)
                assert (batch.views[0][row].numpy() == by_hand[0]).all()


def test_a_batch_of_nothing_but_damage(tmp_path: Path) -> None:
    for index in range(4):
        (tmp_path / f"bad_{index}.jpg").write_bytes(b"bad")
        (tmp_path / f"good_{index}.jpg").write_bytes(jpeg(index))
    options: dict[str, object] = {"batch_size": 2, "shuffle": False, "on_error": "skip"}
    with _loader(tmp_path, **options) as loader:
        assert [len(batch.sample_ids) for batch in loader] == [2, 2]
    with _loader(tmp_path, rank=0, world_size=2, **options) as loader:
        with pytest.raises(fp.BadPack, match="other ranks cannot go on"):
            next(iter(loader))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_damage_can_be_filled(damaged_folder: Path, gpu: torch.device, device: str) -> None:
    """What torchvision trains on is used: the cut picture, but not what is no picture."""
    del gpu
    pack = fp.Pack(damaged_folder)
    cut = pack[pack.index("class_0/picture_2")]
    with pytest.raises(fp.CorruptImage, match=r"on_damage=\"fill\""):
        fp.render(cut.data, RECIPE, seed=0, sample_id=cut.sample_id)
    by_hand = fp.render(cut.data, RECIPE, seed=0, sample_id=cut.sample_id, on_damage="fill")[0]
    options = {"on_error": "skip", "on_damage": "fill", "device": device}
    with _loader(damaged_folder, drop_last=False, **options) as loader:
        found = {
            sample_id: view.cpu().numpy()
            for batch in loader
            for sample_id, view in zip(batch.sample_ids.tolist(), batch.views[0], strict=True)
        }
        assert len(found) == 22
        assert len(loader.skipped) == 2
        assert (found[cut.sample_id] == by_hand).all()
    options = {"on_damage": "fill", "device": device, "shuffle": False}
    with _loader(damaged_folder, **options) as loader:
        with pytest.raises(fp.UnsupportedImage, match="class_1/picture_0"):
            list(loader)


def test_an_exception_in_the_loop_leaves_a_usable_loader(tmp_path: Path) -> None:
    with _loader(image_folder(tmp_path / "root")) as loader:
        with pytest.raises(ZeroDivisionError):
            for _batch in loader:
                raise ZeroDivisionError
        assert len(list(loader)) == 4


def test_two_iterations_at_once_are_refused(tmp_path: Path) -> None:
    with _loader(image_folder(tmp_path / "root")) as loader:
        first = iter(loader)
        next(first)
        second = iter(loader)
        next(second)
        with pytest.raises(fp.Closed, match="newer iteration"):
            next(first)
        assert len(list(second)) == 3


def test_close_ends_the_threads_and_is_idempotent(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    before = _num_threads()
    loader = _loader(root, threads=3)
    batch = next(iter(loader))
    assert _num_threads() == before + 3
    loader.close()
    loader.close()
    assert _num_threads() == before
    assert batch.views[0].isfinite().all()
    with pytest.raises(fp.Closed):
        iter(loader)


def test_a_forgotten_loader_ends_its_threads(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    before = _num_threads()
    next(iter(_loader(root)))
    gc.collect()
    assert _num_threads() == before


def test_close_from_another_thread_wakes_the_consumer(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    for _ in range(20):
        loader = _loader(root)
        closer = threading.Timer(0.005, loader.close)
        closer.start()
        with pytest.raises(fp.Closed):
            while True:
                for _batch in loader:
                    pass
        closer.join()


def _num_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


_ENDLESS = """
import signal, sys, fastpass as fp
signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs begin with it ignored
loader = fp.Loader(sys.argv[1], fp.recipes.rrc(size=32), batch_size=6, threads=2)
print("ready", flush=True)
while True:
    for batch in loader:
        pass
"""


def test_ctrl_c_ends_at_once_and_cleanly(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    process = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert "KeyboardInterrupt" in errors
    assert process.returncode in (1, -signal.SIGINT, 130)


_FLAT = """
import resource, sys, fastpass as fp
loader = fp.Loader(sys.argv[1], fp.recipes.dino(global_size=32, local_size=16, num_local_crops=2),
                   batch_size=6, threads=2)
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
for epoch in range(100):
    for batch in loader:
        pass
    if epoch == 19:
        warm = resident()
print(warm, resident())
"""


def test_memory_is_flat_over_a_hundred_epochs(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    result = subprocess.run(
        [sys.executable, "-c", _FLAT, str(root)], capture_output=True, text=True, check=True
    )
    warm, final = map(int, result.stdout.split())
    assert final < warm + (2 << 20)


_HOSTILE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))
import fastpass as fp, logging
logging.disable()
with fp.Loader(sys.argv[1], fp.recipes.rrc(size=32), batch_size=8, threads=2, shuffle=False,
               drop_last=False, on_error="skip") as loader:
    sizes = [len(batch.sample_ids) for batch in loader]
    assert all(": " in reason for reason in loader.skipped.values())
    print(len(loader.pack), sum(sizes), loader.stats().num_skipped, sizes[-1])
"""


@pytest.mark.needs_shared
def test_every_hostile_file_then_a_good_batch(shared_data: Path, tmp_path: Path) -> None:
    files = [path for path in (shared_data / "jpeg_hostile").rglob("*.*") if path.suffix != ".csv"]
    for index, path in enumerate(sorted(files)):
        (tmp_path / f"a_{index:03}.jpg").symlink_to(path)
    for index in range(8):
        (tmp_path / f"z_{index}.jpg").write_bytes(jpeg(index))

    result = subprocess.run(
        [sys.executable, "-c", _HOSTILE, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr
    total, seen, skipped, last_batch = map(int, result.stdout.split())
    assert total == 589 + 8
    assert seen + skipped == total
    assert seen > 150
    assert last_batch == (589 + 8) % 8


@pytest.mark.parametrize("move", ["set_epoch", "load_state_dict"])
def test_an_iteration_left_behind_does_not_move_the_position(tmp_path: Path, move: str) -> None:
    with _loader(image_folder(tmp_path / "root")) as loader:
        running = iter(loader)
        next(running)
        saved = loader.state_dict()
        next(running)
        if move == "set_epoch":
            loader.set_epoch(5)
        else:
            loader.load_state_dict(saved)
        position = loader.state_dict()
        with pytest.raises(fp.Closed, match="another epoch"):
            next(running)
        assert loader.state_dict() == position
        assert len(list(loader)) == (4 if move == "set_epoch" else 3)


def test_storage_that_fails_is_not_skipped(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    with _loader(root, on_error="skip", batch_size=4) as loader:
        (root / "class_1" / "picture_3.jpg").unlink()
        with pytest.raises(fp.ReadFailed, match="picture_3"):
            list(loader)
