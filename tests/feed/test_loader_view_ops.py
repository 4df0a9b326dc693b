"""Operations on views in the loader: any thread, rank, restart, process, dtype and layout."""

from __future__ import annotations

import itertools
import multiprocessing
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.pictures import image_folder
from support.view_operations import dim, invert, paint, raise_at_times, tell_key
from torch.utils.data import DataLoader, IterableDataset

import fastpass as fp

BOTH = fp.ViewSpec(size=20, ops=(paint, dim, tell_key))
RECIPE = fp.Recipe("mine", (BOTH, fp.ViewSpec(size=16), BOTH))
OPTIONS: dict[str, Any] = {"batch_size": 5, "threads": 2, "seed": 3, "drop_last": False}

Found = dict[int, list[Any]]  # sample id -> its views and outputs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("pictures") / "root")


def _tensors(batch: fp.Batch) -> list[torch.Tensor]:
    outputs = [batch.outputs[name][view] for name in sorted(batch.outputs) for view in (0, 2)]
    return [*batch.views, *outputs]


def _found(batches: Any) -> Found:
    found: Found = {}
    for batch in batches:
        for row, sample_id in enumerate(batch.sample_ids.tolist()):
            assert sample_id not in found
            found[sample_id] = [tensor[row].numpy().copy() for tensor in _tensors(batch)]
    return found


def _same(first: Found, second: Found) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(*pair) for key in first for pair in zip(first[key], second[key], strict=True)
    )


@pytest.fixture(scope="module")
def expected(folder: Path) -> Found:
    """By ``render``, image by image."""
    found = {}
    for sample in fp.Pack(folder):
        views, outputs = fp.render(
            sample.data,
            RECIPE,
            seed=3,
            epoch=2,
            sample_id=sample.sample_id,
            return_outputs=True,
        )
        named = [outputs[name][view] for name in sorted(outputs) for view in (0, 2)]
        found[sample.sample_id] = [*views, *named]
    return found


def _loaded(source: Any, **options: Any) -> Found:
    with fp.Loader(source, RECIPE, **{**OPTIONS, **options}) as loader:
        loader.set_epoch(2)
        return _found(loader)


@pytest.mark.parametrize(("threads", "batch_size"), [(1, 24), (2, 5), (4, 7)])
def test_views_and_outputs_of_any_threads_and_batches(
    folder: Path, expected: Found, threads: int, batch_size: int
) -> None:
    assert _same(_loaded(folder, threads=threads, batch_size=batch_size), expected)


def test_views_and_outputs_of_ranks_and_restarts(folder: Path, expected: Found) -> None:
    ranks = [_loaded(folder, rank=rank, world_size=2) for rank in range(2)]
    assert _same(ranks[0] | ranks[1], expected)
    with fp.Loader(folder, RECIPE, **OPTIONS) as loader:
        loader.set_epoch(2)
        seen = _found(itertools.islice(iter(loader), 2))
        state = loader.state_dict()
    with fp.Loader(folder, RECIPE, **{**OPTIONS, "threads": 1}) as loader:
        loader.load_state_dict(state)
        assert _same(seen | _found(loader), expected)


def test_batches_show_outputs_by_name_and_view(folder: Path) -> None:
    with fp.Loader(folder, RECIPE, **OPTIONS) as loader:
        kept = [next(iter(loader)), *itertools.islice(iter(loader), 4)]
    batch = kept[0].to("cpu")
    assert {name: list(views) for name, views in batch.outputs.items()} == {
        name: [0, 2] for name in ("scale", "own_key", "is_even")
    }
    assert batch.outputs["scale"][0].shape == (5, 2, 1)
    assert batch.outputs["scale"][0].dtype == torch.float32
    assert batch.outputs["is_even"][2].dtype == torch.bool
    assert batch.outputs["own_key"][2].dtype == torch.int64
    keys = torch.cat([b.outputs["own_key"][view].flatten() for b in kept for view in (0, 2)])
    assert len(keys.unique()) == len(keys)  # a kept batch is not overwritten


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "uint8"])
def test_every_dtype_and_layout(folder: Path, dtype: Any, memory_format: Any) -> None:
    """Values are those of float32, rounded once."""
    ops = (paint, invert) if dtype == "uint8" else (invert, dim)
    recipe = fp.Recipe("mine", (fp.ViewSpec(size=20, ops=ops, solarize=0.5),))
    options = {**OPTIONS, "shuffle": False}
    with (
        fp.Loader(folder, recipe, **options) as wide,
        fp.Loader(folder, recipe, dtype=dtype, memory_format=memory_format, **options) as loader,
    ):
        for one, other in zip(wide, loader, strict=True):
            (got,) = other.views
            values = one.views[0]
            if dtype == "uint8":
                mean, std = (torch.tensor(v)[:, None, None] for v in _mean_and_std(recipe))
                values = ((values * std + mean) * 255).round()
            assert got.dtype == getattr(torch, dtype)
            assert torch.equal(got, values.to(got.dtype))
            is_last = memory_format == "channels_last"
            assert got.is_contiguous(
                memory_format=torch.channels_last if is_last else torch.contiguous_format
            )


def _mean_and_std(recipe: fp.Recipe) -> tuple[Any, Any]:
    return recipe.views[0].mean, recipe.views[0].std


def test_normalized_values_of_uint8_views_are_refused(folder: Path) -> None:
    with pytest.raises(fp.BadArgument, match="dim works on normalized values"):
        fp.Loader(folder, RECIPE, dtype="uint8", **OPTIONS)


def test_a_gpu_is_refused(folder: Path, gpu: torch.device) -> None:
    with pytest.raises(fp.MissingBackend, match="paint runs on the CPU only"):
        fp.Loader(folder, RECIPE, device="cuda", **OPTIONS)


# ---- operations that fail ------------------------------------------------------------------------


@pytest.mark.parametrize("op", [raise_at_times, raise_at_times.in_python()])
def test_one_that_raises_ends_the_iteration_or_its_sample_is_skipped(
    folder: Path, op: fp.ViewOp
) -> None:
    recipe = fp.Recipe("mine", (fp.ViewSpec(size=16, ops=(tell_key, op)),))
    with fp.Loader(folder, recipe, **OPTIONS) as loader:
        with pytest.raises(fp.BadViewOp, match=r"picture_\d.jpg.*raise_at_times.*one of four"):
            list(loader)
    with fp.Loader(folder, recipe, on_error="skip", **OPTIONS) as loader:
        batches = list(loader)
        skipped = loader.skipped
    good = {i: key for b in batches for i, key in _keys(b)}
    assert 0 < len(skipped) < 24
    assert good.keys() | skipped.keys() == {s.sample_id for s in fp.Pack(folder)}
    assert all("BadViewOp" in why and "one of four" in why for why in skipped.values())
    plain = fp.Recipe("mine", (fp.ViewSpec(size=16, ops=(tell_key,)),))
    with fp.Loader(folder, plain, **OPTIONS) as loader:
        everything = {i: key for b in loader for i, key in _keys(b)}
    # What is left moved together with its outputs.
    assert good == {i: everything[i] for i in good}


def _keys(batch: fp.Batch) -> list[tuple[int, list[int]]]:
    keys = batch.outputs["own_key"][0].tolist()
    return list(zip(batch.sample_ids.tolist(), keys, strict=True))


# ---- other processes -----------------------------------------------------------------------------


class _Rest(IterableDataset):  # type: ignore[type-arg]
    def __init__(self, loader: fp.Loader) -> None:
        self.loader = loader

    def __iter__(self) -> Any:
        return ((b.views, b.outputs, b.sample_ids) for b in self.loader)


def test_pickled_and_spawned_loaders_go_on(folder: Path, expected: Found) -> None:
    with fp.Loader(folder, RECIPE, **OPTIONS) as loader:
        loader.set_epoch(2)
        seen = _found(itertools.islice(iter(loader), 2))
        with pickle.loads(pickle.dumps(loader)) as copied:
            assert _same(seen | _found(copied), expected)
        workers = DataLoader(_Rest(loader), None, num_workers=1, multiprocessing_context="spawn")
        got = (fp.Batch(views, ids, None, None, outs) for views, outs, ids in workers)
        assert _same(seen | _found(got), expected)


def _render_in_fork(answers: Any, path: str) -> None:
    sample = fp.Pack(path)[0]
    views = fp.render(sample.data, RECIPE, seed=3, epoch=2, sample_id=sample.sample_id)
    answers.put([view.tobytes() for view in views])


def test_a_forked_process_renders_and_its_loader_is_refused(folder: Path, expected: Found) -> None:
    with fp.Loader(folder, RECIPE, **OPTIONS) as loader:
        next(iter(loader))
        context = multiprocessing.get_context("fork")
        answers = context.SimpleQueue()
        process = context.Process(target=_render_in_fork, args=(answers, str(folder)))
        process.start()
        got = answers.get()
        process.join()
    views = expected[fp.Pack(folder)[0].sample_id][:3]
    assert got == [view.tobytes() for view in views]


OPERATION = """
import fastpass as fp
@fp.view_op(python=True)
def change(view, key):
    view[0, 0, 0] = {value}
"""


def test_a_changed_operation_is_refused_on_resume(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    recipe = {"name": "mine", "views": [{"size": 8, "ops": ["op_to_change:change"]}]}
    states, saved = [], []
    for value in (1, 22):
        (tmp_path / "op_to_change.py").write_text(OPERATION.format(value=value))
        sys.modules.pop("op_to_change", None)
        made = fp.Recipe.from_dict(recipe)
        saved.append(made.to_dict())
        with fp.Loader(folder, made, **OPTIONS) as loader:
            states.append(loader.state_dict())
            loader.load_state_dict(states[-1])
            if value == 22:
                with pytest.raises(fp.ConfigError, match="view_ops"):
                    loader.load_state_dict(states[0])
    with pytest.raises(fp.ConfigError, match="op_to_change:change has changed"):
        fp.Recipe.from_dict(saved[0])
    with fp.Loader(folder, fp.recipes.rrc(size=8), **OPTIONS) as loader:
        assert loader.state_dict()["view_ops"] == ""
        with pytest.raises(fp.ConfigError, match="view_ops"):
            loader.load_state_dict(states[0])
        older = {k: v for k, v in loader.state_dict().items() if k != "view_ops"}
        loader.load_state_dict(older)
