"""The loader on a GPU, and on its twin: the batches of ``device="cpu"``, bit for bit."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.pictures import image_folder, jpeg
from support.tars import image_tar

import fastpass as fp
from fastpass.pack import build_index

RECIPE = fp.recipes.dino(global_size=32, local_size=16, num_local_crops=2)


def _assert_same(mine: fp.Batch, theirs: fp.Batch, gpu: torch.device) -> None:
    assert torch.equal(mine.sample_ids.cpu(), theirs.sample_ids)
    for name in ("labels", "weights"):
        got, expected = getattr(mine, name), getattr(theirs, name)
        assert (got is None) == (expected is None)
        if got is not None:
            assert torch.equal(got.cpu(), expected)
    for got, expected in zip(mine.views, theirs.views, strict=True):
        assert got.device.type == gpu.type
        assert got.dtype == expected.dtype
        assert got.stride() == expected.stride()
        assert torch.equal(got.cpu(), expected)


def _compare(source: object, gpu: torch.device, epochs: int = 1, **options: object) -> fp.Loader:
    """Both loaders over some epochs; the GPU's, with its counts."""
    values = {"batch_size": 4, "threads": 2, "seed": 3, "drop_last": False, **options}
    recipe = values.pop("recipe", RECIPE)
    on_cpu = fp.Loader(source, recipe, **values)  # type: ignore[arg-type]
    on_gpu = fp.Loader(source, recipe, device="cuda", **values)  # type: ignore[arg-type]
    with on_cpu, on_gpu:
        for _ in range(epochs):
            for theirs, mine in zip(on_cpu, on_gpu, strict=True):
                _assert_same(mine, theirs, gpu)
        assert on_gpu.skipped == on_cpu.skipped
    return on_gpu


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return image_folder(tmp_path / "root")


def _encoded(picture: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, **options)
    return buffer.getvalue()


@pytest.fixture
def mixed_folder(folder: Path) -> Path:
    """All kinds of files: progressive, gray, CMYK, other formats, and what is no picture."""
    noise = np.random.default_rng(1).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((260, 180))
    extra = folder / "class_0"
    (extra / "progressive.jpg").write_bytes(_encoded(picture, format="JPEG", progressive=True))
    (extra / "gray.jpg").write_bytes(_encoded(picture.convert("L"), format="JPEG"))
    (extra / "cmyk.jpg").write_bytes(_encoded(picture.convert("CMYK"), format="JPEG"))
    (extra / "large.jpg").write_bytes(jpeg(9, height=700, width=900))
    (extra / "restarts.jpg").write_bytes(
        _encoded(picture, format="JPEG", restart_marker_blocks=3, subsampling=1)
    )
    (extra / "foreign.png").write_bytes(_encoded(picture, format="PNG"))
    (extra / "other.webp").write_bytes(_encoded(picture, format="WEBP"))
    return folder


@pytest.fixture
def damaged_folder(mixed_folder: Path) -> Path:
    whole = jpeg(1, height=200, width=200)
    torn = bytearray(whole)
    torn[len(torn) // 2] ^= 0xFF
    for name, data in {
        "cut.jpg": whole[: len(whole) * 2 // 3],
        "torn.jpg": bytes(torn),
        "text.jpg": b"this is no picture",
        "empty.jpg": b"",
        "head.jpg": whole[:100],
    }.items():
        (mixed_folder / "class_1" / name).write_bytes(data)
    return mixed_folder


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "uint8"])
def test_types_and_layouts(folder: Path, gpu: torch.device, dtype: str, memory_format: str) -> None:
    _compare(folder, gpu, dtype=dtype, memory_format=memory_format)


@pytest.mark.parametrize(
    "recipe",
    [
        fp.recipes.moco_v2(size=32),
        fp.recipes.simclr(size=33),
        fp.recipes.byol(size=24),
        fp.recipes.evaluation(size=32, resize=40),
    ],
    ids=lambda recipe: recipe.name,
)
def test_recipes(mixed_folder: Path, gpu: torch.device, recipe: fp.Recipe) -> None:
    _compare(mixed_folder, gpu, recipe=recipe)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("mode", ["fast", "exact"])
def test_all_kinds_of_files(mixed_folder: Path, gpu: torch.device, mode: str, threads: int) -> None:
    _compare(mixed_folder, gpu, epochs=3, mode=mode, threads=threads, order="quasi_random")


@pytest.mark.parametrize("has_index", [False, True])
@pytest.mark.parametrize("reads", ["mmap", "pread"])
def test_tars(tmp_path: Path, gpu: torch.device, reads: str, has_index: bool) -> None:
    tars = [
        str(image_tar(tmp_path / "a.tar", range(13))),
        str(image_tar(tmp_path / "b.tar", range(13, 40))),
    ]
    if has_index:
        for tar in tars:
            build_index(tar)
    pack = fp.Pack(tars)
    assert bool(pack.unindexed_shards) != has_index
    weights = np.arange(40, dtype=np.float32)
    _compare(pack, gpu, epochs=2, reads=reads, weights=weights)


def test_damaged_files_are_skipped_alone(damaged_folder: Path, gpu: torch.device) -> None:
    on_gpu = _compare(damaged_folder, gpu, epochs=3, on_error="skip")
    assert len(on_gpu.skipped) == 4  # a torn byte may give other pixels, and nothing to notice
    assert on_gpu.stats().num_skipped == 12


def test_damage_is_raised_with_the_cpus_words(damaged_folder: Path, gpu: torch.device) -> None:
    messages = []
    for chosen in ("cpu", "cuda"):
        with (
            fp.Loader(damaged_folder, RECIPE, batch_size=4, device=chosen, shuffle=False) as loader,
            pytest.raises(fp.CorruptImage) as caught,
        ):
            list(loader)
        messages.append((str(caught.value), caught.value.byte_offset))
    assert messages[0] == messages[1]
    assert "class_1/cut" in messages[0][0]


def test_resumes_where_it_was(folder: Path, gpu: torch.device) -> None:
    options = {"batch_size": 4, "threads": 2, "device": "cuda"}
    with fp.Loader(folder, RECIPE, **options) as whole:  # type: ignore[arg-type]
        expected = [batch.to("cpu") for batch in whole]
    with fp.Loader(folder, RECIPE, **options) as first:  # type: ignore[arg-type]
        for _ in itertools.islice(first, 2):
            pass
        state = first.state_dict()
    with fp.Loader(folder, RECIPE, **options) as second:  # type: ignore[arg-type]
        second.load_state_dict(state)
        for theirs, mine in zip(expected[2:], second, strict=True):
            _assert_same(mine, theirs, gpu)


def test_two_ranks_share_an_epoch(folder: Path, gpu: torch.device) -> None:
    for rank in range(2):
        _compare(folder, gpu, rank=rank, world_size=2)


def test_batches_that_are_kept_stay(folder: Path, gpu: torch.device) -> None:
    with fp.Loader(folder, RECIPE, batch_size=4, device="cuda") as loader:
        kept = list(loader)
    with fp.Loader(folder, RECIPE, batch_size=4) as loader:
        for mine, theirs in zip(kept, loader, strict=True):
            _assert_same(mine, theirs, gpu)


def test_a_consumer_that_leaves_early(folder: Path, gpu: torch.device) -> None:
    with fp.Loader(folder, RECIPE, batch_size=2, device="cuda") as loader:
        for _ in range(5):
            for batch in loader:
                assert len(batch.views) == 4
                break
    with pytest.raises(fp.Closed):
        iter(loader)


@pytest.fixture
def resident_bytes() -> Callable[[], int]:
    def measure() -> int:
        with Path("/proc/self/statm").open() as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    return measure


def test_memory_stays_flat(
    mixed_folder: Path, gpu: torch.device, resident_bytes: Callable[[], int]
) -> None:
    with fp.Loader(mixed_folder, RECIPE, batch_size=4, device="cuda", threads=2) as loader:
        for _ in range(3):
            list(loader)
        before, slots = resident_bytes(), loader.stats().num_slots
        files = len(os.listdir("/proc/self/fd"))
        for _ in range(8):
            for _ in loader:
                pass
        assert loader.stats().num_slots == slots
        assert len(os.listdir("/proc/self/fd")) == files
        assert resident_bytes() - before < 16 << 20


def test_the_stages_are_timed(folder: Path, gpu: torch.device) -> None:
    with fp.Loader(folder, RECIPE, batch_size=4, device="cuda") as loader:
        list(loader)
        stats = loader.stats()
    assert stats.num_images == stats.num_rendered == 24
    assert min(stats.read_seconds, stats.decode_seconds, stats.augment_seconds) > 0


@pytest.mark.needs_cuda
def test_consumers_on_streams_of_their_own(folder: Path, gpu: torch.device) -> None:
    """Kernels that are still queued when a batch goes read it before it is overwritten."""
    if gpu.type != "cuda":
        pytest.skip("streams are the GPU's")
    stream = torch.cuda.Stream()
    sums = []
    options = {"batch_size": 4, "device": "cuda"}
    with torch.cuda.stream(stream), fp.Loader(folder, RECIPE, **options) as loader:  # type: ignore[arg-type]
        for _ in range(6):
            for batch in loader:
                torch.cuda._sleep(2_000_000)
                sums.append([view.double().sum() for view in batch.views])
                del batch
    stream.synchronize()
    with fp.Loader(folder, RECIPE, batch_size=4) as loader:
        for i, batch in enumerate(itertools.chain.from_iterable(loader for _ in range(6))):
            for got, view in zip(sums[i], batch.views, strict=True):
                assert got.item() == pytest.approx(view.double().sum().item(), rel=1e-9)
