"""Weights, memory format, batches ahead, what the loader says about itself."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.pictures import image_folder

import fastpass as fp
from fastpass.feed.options import batch_bytes, default_batches_ahead

RECIPE = fp.recipes.dino(global_size=32, local_size=16, num_local_crops=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("pictures") / "root")


def _loader(source: object, **options: object) -> fp.Loader:
    return fp.Loader(source, RECIPE, **{"batch_size": 5, "threads": 2, "seed": 5, **options})  # type: ignore[arg-type]


# ---- weights ----------------------------------------------------------------------------------


def _weight_of(pack: fp.Pack) -> dict[int, float]:
    return {int(sample_id): 1 + i / 3 for i, sample_id in enumerate(pack.sample_ids)}


@pytest.mark.parametrize("order", ["random", "quasi_random"])
def test_weights_belong_to_their_samples(folder: Path, order: str) -> None:
    pack = fp.Pack(folder)
    weight_of = _weight_of(pack)
    with _loader(pack, weights=list(weight_of.values()), order=order, drop_last=False) as loader:
        for batch in loader:
            assert batch.weights is not None
            assert batch.weights.dtype == torch.float32
            assert batch.labels is not None
            expected = torch.tensor([weight_of[i] for i in batch.sample_ids.tolist()])
            assert torch.equal(batch.weights, expected)
    with _loader(pack) as loader:
        assert next(iter(loader)).weights is None


def test_a_skipped_sample_leaves_its_weight_out(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    for name in ("class_0/picture_2.jpg", "class_1/picture_7.jpg"):
        (root / name).write_bytes(b"no picture")
    pack = fp.Pack(root)
    weight_of = _weight_of(pack)
    options = {"weights": np.array([*weight_of.values()]), "on_error": "skip", "shuffle": False}
    seen = 0
    with _loader(pack, batch_size=6, **options) as loader:
        for batch in loader:
            assert batch.weights is not None
            expected = torch.tensor([weight_of[i] for i in batch.sample_ids.tolist()])
            assert torch.equal(batch.weights, expected)
            seen += len(batch.weights)
    assert seen == 22


def test_the_callers_weights_may_change_afterwards(folder: Path) -> None:
    weights = np.ones(24, dtype=np.float32)
    with _loader(folder, weights=weights) as loader:
        weights[:] = 7
        batch = next(iter(loader))
        assert batch.weights is not None
        assert batch.weights.tolist() == [1] * 5


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ([1.0] * 23, r"shape \[23\], wanted \[24\]"),
        (np.ones((24, 1)), r"shape \[24, 1\]"),
        ([1.0] * 20 + [math.nan] * 4, r"weights\[20\] = nan"),
        (["heavy"] * 24, "wanted 24 numbers"),
        (3.0, r"shape \[\]"),
    ],
)
def test_wrong_weights_are_refused(folder: Path, weights: object, error: str) -> None:
    with pytest.raises(fp.BadArgument, match=error):
        _loader(folder, weights=weights)


# ---- memory format ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "uint8"])
def test_channels_last_is_the_same_in_another_order(folder: Path, dtype: str) -> None:
    with (
        _loader(folder, dtype=dtype) as planar,
        _loader(folder, dtype=dtype, memory_format="channels_last") as interleaved,
    ):
        for expected, got in zip(planar, interleaved, strict=True):
            for one, other in zip(expected.views, got.views, strict=True):
                assert one.shape == other.shape
                assert one.is_contiguous()
                assert other.is_contiguous(memory_format=torch.channels_last)
                assert not other.is_contiguous()
                assert torch.equal(one, other)


def test_channels_last_survives_what_the_bus_needs(folder: Path) -> None:
    """Copies and casts on the way to a device keep the order in memory."""
    with _loader(folder, dtype="uint8", memory_format="channels_last") as loader:
        view = next(iter(loader)).views[0]
    assert view.clone().is_contiguous(memory_format=torch.channels_last)
    empty = torch.empty_like(view, dtype=torch.float16)
    assert empty.is_contiguous(memory_format=torch.channels_last)


def test_a_channels_last_batch_with_a_skipped_row(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root", num_classes=1, per_class=6)
    (root / "class_0" / "picture_1.jpg").write_bytes(b"no picture")
    options = {"batch_size": 6, "on_error": "skip", "shuffle": False}
    with (
        _loader(root, **options) as planar,
        _loader(root, memory_format="channels_last", **options) as interleaved,
    ):
        one, other = next(iter(planar)).views[0], next(iter(interleaved)).views[0]
        assert len(one) == 5
        assert torch.equal(one, other)


def test_unknown_memory_format(folder: Path) -> None:
    with pytest.raises(fp.BadArgument, match="memory_format = 'nhwc'"):
        _loader(folder, memory_format="nhwc")


# ---- batches ahead ----------------------------------------------------------------------------


def test_large_batches_are_prepared_one_ahead() -> None:
    recipe = fp.recipes.dino()
    values = 3 * (2 * 224**2 + 8 * 96**2)
    assert batch_bytes(recipe, 256, "float32") == 4 * 256 * values
    assert batch_bytes(recipe, 256, "bfloat16") == 2 * 256 * values
    assert default_batches_ahead(batch_bytes(recipe, 256, "float32")) == 1
    assert default_batches_ahead(batch_bytes(recipe, 256, "uint8")) == 2
    assert default_batches_ahead(batch_bytes(recipe, 256, "float16")) == 1
    assert default_batches_ahead(128 << 20) == 2
    assert default_batches_ahead((128 << 20) + 1) == 1


@pytest.mark.parametrize("batches_ahead", [1, 2, 4])
def test_the_memory_formula(folder: Path, batches_ahead: int) -> None:
    with _loader(folder, batches_ahead=batches_ahead, batch_size=2) as loader:
        for _ in range(4):
            for _batch in loader:
                pass
        assert loader.stats().num_slots <= batches_ahead + 2


def test_wrong_batches_ahead(folder: Path) -> None:
    with pytest.raises(fp.BadArgument, match="batches_ahead = 0"):
        _loader(folder, batches_ahead=0)


# ---- batches on the move ----------------------------------------------------------------------


def test_a_batch_moves_whole(folder: Path) -> None:
    with _loader(folder, weights=[1.0] * 24) as loader:
        batch = next(iter(loader))
    moved = batch.to("meta", non_blocking=True)
    tensors = [*moved.views, moved.sample_ids, moved.labels, moved.weights]
    assert all(tensor is not None and tensor.is_meta for tensor in tensors)
    assert [view.shape for view in moved.views] == [view.shape for view in batch.views]
    bare = replace(batch, labels=None, weights=None).to("cpu")
    assert bare.labels is None
    assert bare.weights is None
    assert torch.equal(bare.views[0], batch.views[0])


def test_a_batch_travels_between_processes(folder: Path) -> None:
    with _loader(folder) as loader:
        batch = next(iter(loader))
    again = pickle.loads(pickle.dumps(batch))
    assert torch.equal(again.views[1], batch.views[1])


# ---- stats ------------------------------------------------------------------------------------

_STATS = fp.LoaderStats(
    num_images=1000, num_batches=10, num_skipped=0, seconds=10.0, wait_seconds=9.0,
    read_seconds=0.5, decode_seconds=12.0, augment_seconds=6.0, num_slots=3, num_rendered=1000,
)  # fmt: skip


def test_stats_name_the_slowest_stage() -> None:
    assert _STATS.slowest_stage == "decode"
    assert _STATS.milliseconds_per_image == {"read": 0.5, "decode": 12.0, "augment": 6.0}
    assert str(_STATS) == (
        "100.0 images/s; per image and thread: read 0.50 ms, decode 12.00 ms, augment 6.00 ms; "
        "the consumer waited 90 % of the time; decoding limits: use more threads or smaller images"
    )
    slow_disk = replace(_STATS, read_seconds=100.0, num_skipped=3)
    assert slow_disk.slowest_stage == "read"
    assert "3 skipped" in str(slow_disk)
    assert "quasi_random" in str(slow_disk)


def test_stats_can_name_the_consumer() -> None:
    keeps_up = replace(_STATS, wait_seconds=0.1)
    assert keeps_up.slowest_stage == "consumer"
    assert "the loader keeps up" in str(keeps_up)


def test_stats_of_a_loader_that_has_done_nothing(folder: Path) -> None:
    with _loader(folder) as loader:
        stats = loader.stats()
    assert stats.images_per_second == 0
    assert stats.slowest_stage in ("read", "decode", "augment")
    assert str(stats).startswith("0.0 images/s")


def test_a_sleeping_consumer_is_the_slowest_stage(folder: Path) -> None:
    import time

    with _loader(folder, batch_size=2) as loader:
        for _ in range(2):
            for _batch in loader:
                time.sleep(0.1)
        stats = loader.stats()
    assert stats.slowest_stage == "consumer", str(stats)
    assert stats.num_rendered >= stats.num_images


# ---- names and numbers ------------------------------------------------------------------------


def test_a_recipe_by_its_name_or_file(folder: Path, tmp_path: Path) -> None:
    with fp.Loader(folder, "dino", batch_size=2, threads=1) as loader:
        assert loader.recipe == fp.recipes.dino()
    fp.recipes.save(RECIPE, tmp_path / "mine.toml")
    for path in (tmp_path / "mine.toml", str(tmp_path / "mine.toml")):
        with fp.Loader(folder, path, batch_size=2, threads=1) as loader:
            assert loader.recipe == RECIPE
    for wrong in ("dyno", "mine.json", None, 5, RECIPE.views, b"dino"):
        with pytest.raises(fp.BadArgument, match=r"recipe = .*one of dino, .* or a FILE.toml") as e:
            fp.Loader(folder, wrong, batch_size=2)  # type: ignore[arg-type]
        assert len(str(e.value)) <= 400
    with pytest.raises(fp.ReadFailed, match=r"none\.toml"):
        fp.Loader(folder, "none.toml", batch_size=2)


@pytest.mark.parametrize("integer", [np.int64, np.uint8, torch.tensor])
def test_whatever_is_an_integer_will_do(folder: Path, integer: Callable[[int], Any]) -> None:
    values = {
        "batch_size": 5, "threads": 2, "seed": 5, "rank": 1, "world_size": 2, "batches_ahead": 1,
    }  # fmt: skip
    with _loader(folder, **values) as plain:
        expected = [batch.sample_ids.tolist() for batch in plain]
    with _loader(folder, **{name: integer(value) for name, value in values.items()}) as loader:
        loader.set_epoch(integer(0))
        assert [batch.sample_ids.tolist() for batch in loader] == expected
        state = json.loads(json.dumps(loader.state_dict()))
        loader.load_state_dict({**state, "epoch": integer(0), "samples_done": integer(10)})
        assert json.dumps(loader.state_dict())
    for wrong in (2.0, True, "2", np.bool_(True), np.array([1, 2]), None):
        with pytest.raises(fp.BadArgument, match="batch_size = "):
            _loader(folder, batch_size=wrong)


HUGE = "x" * 100_000


@pytest.mark.parametrize(
    "option",
    [
        *({name: HUGE} for name in ("device", "backend", "dtype", "mode", "order", "reads")),
        *({name: HUGE} for name in ("memory_format", "on_error", "seed", "batch_size", "shuffle")),
        *({name: [0] * 10_000} for name in ("rank", "weights", "threads", "drop_last", "dtype")),
        {"recipe": HUGE},
        {"recipe": b"\xff\xd8" * 10_000},
        {"source": HUGE},
        {"source": [b"\xff\xd8\xff" * 40_000]},
        {"source": {"a" * 10_000: HUGE}},
        {"seed": 10**10_000},
    ],
    ids=lambda option: "-".join(option),
)
def test_refusals_are_short(folder: Path, option: dict[str, Any]) -> None:
    values: dict[str, Any] = {"source": folder, "recipe": RECIPE, "batch_size": 4, **option}
    if "rank" in option:
        values["world_size"] = 2
    with pytest.raises(fp.FastpassError) as caught:
        fp.Loader(values.pop("source"), values.pop("recipe"), **values)
    assert len(str(caught.value)) <= 400


@pytest.mark.parametrize(
    "key", ["epoch", "samples_done", "seed", "order", "fingerprint", "content"]
)
def test_refusals_of_states_are_short(folder: Path, key: str) -> None:
    with _loader(folder) as loader:
        with pytest.raises(fp.FastpassError, match=key) as caught:
            loader.load_state_dict({**loader.state_dict(), key: HUGE})
        assert len(str(caught.value)) <= 400
