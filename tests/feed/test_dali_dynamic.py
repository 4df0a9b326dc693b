"""Our operators in DALI's dynamic mode: readers in front, operators behind, captured, resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.dali_pipelines import arrays, dali, enabled  # noqa: F401  # skips without DALI
from support.pictures import image_folder, jpeg
from support.tars import image_tar

import fastpass as fp
from fastpass.augment import recipes

ndd = pytest.importorskip("nvidia.dali.experimental.dynamic", reason="DALI has no dynamic mode")
RECIPE = recipes.dino(global_size=32, local_size=16, num_local_crops=2)
FILES = [jpeg(seed, 90 + seed, 120) for seed in range(6)]


@pytest.fixture(scope="module", autouse=True)
def ours() -> Any:
    return enabled()


@pytest.fixture
def text(ours: Any) -> str:
    return ours.recipe(RECIPE)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("root"), num_classes=2, per_class=5)


def _samples(batch: Any) -> list[np.ndarray[Any, Any]]:
    return [np.asarray(tensor) for tensor in batch.tensors]


def _files(root: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(root.rglob("*.jpg"))]


def _assert_views(views: Any, files: list[bytes], **options: Any) -> None:
    got = [_samples(view) for view in views]
    assert len(got) == len(RECIPE.views)
    for sample, data in enumerate(files):
        wanted = fp.render(data, RECIPE, **{"sample_id": sample, **options})
        assert all(np.array_equal(of[sample], want) for of, want in zip(got, wanted, strict=True))


def test_views_of_a_batch_are_those_of_render(text: str) -> None:
    encoded = ndd.batch(arrays(FILES))
    ids = [5, -3, 2**62, 0, 7, 8]
    for epoch in range(2):
        views = ndd.fastpass.multi_crop(
            encoded, ndd.batch([np.int64(i) for i in ids]), recipe=text, epoch=epoch, seed=11
        )
        for sample, (data, sample_id) in enumerate(zip(FILES, ids, strict=True)):
            wanted = fp.render(data, RECIPE, seed=11, epoch=epoch, sample_id=sample_id)
            got = [_samples(view)[sample] for view in views]
            assert all(map(np.array_equal, got, wanted))


def test_a_single_image(text: str) -> None:
    encoded = ndd.tensor(arrays(FILES)[0])
    views = ndd.fastpass.multi_crop(encoded, recipe=text, epoch=1, seed=2)
    wanted = fp.render(FILES[0], RECIPE, seed=2, epoch=1, sample_id=0)
    assert all(
        np.array_equal(np.asarray(got), want) for got, want in zip(views, wanted, strict=True)
    )
    pixels = ndd.fastpass.decode(encoded, crop=[3, 4, 20, 30])
    assert np.array_equal(
        np.asarray(pixels), fp.decode_jpeg(FILES[0], crop=fp.CropBox(3, 4, 20, 30))
    )


def test_decoded_pixels_before_dalis_operators() -> None:
    pixels = ndd.fastpass.decode(ndd.batch(arrays(FILES)), scale_denominator=2)
    wanted = fp.decode_jpeg(FILES, scale_denominator=2)
    assert all(map(np.array_equal, _samples(pixels), wanted))
    flipped = ndd.flip(pixels, horizontal=1)
    assert all(
        np.array_equal(a, b[:, ::-1]) for a, b in zip(_samples(flipped), wanted, strict=True)
    )


def test_behind_dalis_file_reader_and_before_its_operators(text: str, root: Path) -> None:
    reader, files = ndd.readers.File(file_root=str(root)), _files(root)
    for _ in range(2):
        for encoded, labels in reader.next_epoch(batch_size=4):
            views = ndd.fastpass.multi_crop(encoded, recipe=text, epoch=0, seed=6)
            flipped = _samples(ndd.flip(views[0], horizontal=1))
            came = [bytes(data) for data in _samples(encoded)]
            assert set(came) <= set(files)
            _assert_views(views, came, seed=6)
            wanted = _samples(views[0])
            assert all(
                np.array_equal(a, b[:, :, ::-1]) for a, b in zip(flipped, wanted, strict=True)
            )
            assert len(_samples(labels)) == len(came) == 4


@pytest.mark.filterwarnings("error")
def test_captured_by_dali(text: str, root: Path) -> None:
    """DALI runs what it has captured ahead, as a pipeline; a warning would say that it did not."""
    reader, rng = ndd.readers.File(file_root=str(root)), ndd.random.RNG(seed=9)
    seen = set()
    for _ in range(2):
        for encoded, _ in reader.next_epoch(batch_size=5, capture=True):
            drawn = ndd.random.uniform(range=[0, 2**20], rng=rng, batch_size=5)
            epochs = ndd.cast(drawn, dtype=ndd.int32)
            views = ndd.fastpass.multi_crop(
                encoded, recipe=ndd.capture.invariant(text), epoch=epochs, seed=6
            )
            for sample, epoch in enumerate(_samples(epochs)):
                data = bytes(_samples(encoded)[sample])
                wanted = fp.render(data, RECIPE, seed=6, epoch=int(epoch), sample_id=sample)
                got = [_samples(view)[sample] for view in views]
                assert all(map(np.array_equal, got, wanted))
                seen.add(int(epoch))
    assert len(seen) == 20


def test_behind_dalis_webdataset_reader(text: str, tmp_path: Path) -> None:
    tar = image_tar(tmp_path / "a.tar", range(4))
    files = [bytes(sample.data) for sample in fp.Pack(tar)]
    reader = ndd.readers.Webdataset(
        paths=[str(tar)], ext=["jpg"], missing_component_behavior="error"
    )
    (batch,) = reader.next_epoch(batch_size=4)
    encoded = batch[0] if isinstance(batch, tuple) else batch
    _assert_views(ndd.fastpass.multi_crop(encoded, recipe=text, epoch=0, seed=0), files, seed=0)


def test_a_run_goes_on_from_dalis_checkpoint(text: str, root: Path) -> None:
    """Reader and random numbers have a state; our operators have none and need none."""

    def opened(checkpoint: Any) -> tuple[Any, Any]:
        reader = ndd.readers.File(
            file_root=str(root), random_shuffle=True, seed=5, enable_checkpointing=True
        )
        rng = ndd.random.RNG(seed=9)
        checkpoint.register(reader, "reader")
        checkpoint.register(rng, "rng")
        return reader, rng

    def step(encoded: Any, rng: Any) -> list[np.ndarray[Any, Any]]:
        epochs = ndd.random.uniform(range=[0, 2**20], rng=rng, batch_size=2)
        views = ndd.fastpass.multi_crop(
            encoded, recipe=text, epoch=ndd.cast(epochs, dtype=ndd.int32), seed=0
        )
        return _samples(views[0])

    first = ndd.checkpoint.Checkpoint()
    reader, rng = opened(first)
    batches = reader.next_epoch(batch_size=2)
    for _ in range(2):
        step(next(batches)[0], rng)
    first.collect()
    saved = first.serialize()
    assert json.loads(saved)
    wanted = [step(encoded, rng) for encoded, _ in batches]
    assert len(wanted) == 3

    second = ndd.checkpoint.Checkpoint()
    second.deserialize(saved)
    reader, rng = opened(second)
    second.restore()
    got = [step(encoded, rng) for encoded, _ in reader.next_epoch(batch_size=2)]
    for mine, theirs in zip(got, wanted, strict=False):  # DALI goes on for a whole epoch's length
        assert all(map(np.array_equal, mine, theirs))


def test_a_damaged_image_is_named_and_the_next_call_works(text: str) -> None:
    def call(files: list[bytes]) -> Any:
        return ndd.fastpass.multi_crop(ndd.batch(arrays(files)), recipe=text, epoch=0, seed=0)

    with pytest.raises(RuntimeError) as raised:
        np.asarray(call([FILES[0], FILES[1][:900]])[0].tensors[0])
    message = str(raised.value.__cause__ or raised.value)
    assert "fastpass.CorruptImage: sample 1 of the batch, sample id 1: " in message
    assert "(byte " in message
    _assert_views(call(FILES), FILES, seed=0)
