"""The native loader: what it hands out, in which order, and that nothing else matters."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from support.pictures import image_folder, jpeg

import fastpass as fp

RECIPE = fp.recipes.dino(global_size=32, local_size=16, num_local_crops=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("pictures") / "root")


def _loader(source: object, **options: object) -> fp.Loader:
    return fp.Loader(source, RECIPE, **{"batch_size": 4, "threads": 2, "seed": 5, **options})  # type: ignore[arg-type]


def _epoch(loader: fp.Loader) -> dict[int, list[torch.Tensor]]:
    """Every sample's views by sample id."""
    found: dict[int, list[torch.Tensor]] = {}
    for batch in loader:
        for row, sample_id in enumerate(batch.sample_ids.tolist()):
            assert sample_id not in found
            found[sample_id] = [view[row].clone() for view in batch.views]
    return found


def _same(first: dict[int, list[torch.Tensor]], second: dict[int, list[torch.Tensor]]) -> bool:
    return first.keys() == second.keys() and all(
        torch.equal(a, b) for key in first for a, b in zip(first[key], second[key], strict=True)
    )


def test_shapes_types_and_labels(folder: Path) -> None:
    with _loader(folder) as loader:
        batches = list(loader)
        assert len(loader) == len(batches) == 6
        for batch in batches:
            assert [tuple(view.shape) for view in batch.views] == [
                (4, 3, 32, 32),
                (4, 3, 32, 32),
                (4, 3, 16, 16),
                (4, 3, 16, 16),
            ]
            assert all(view.dtype == torch.float32 for view in batch.views)
            assert batch.labels is not None
        labels = torch.cat([batch.labels for batch in batches if batch.labels is not None])
        assert sorted(labels.tolist()) == [0] * 8 + [1] * 8 + [2] * 8


def test_labels_belong_to_their_samples(folder: Path) -> None:
    pack = fp.Pack(folder)
    known = {pack[i].sample_id: pack[i].label for i in range(len(pack))}
    with _loader(pack) as loader:
        for batch in loader:
            assert batch.labels is not None
            assert [known[i] for i in batch.sample_ids.tolist()] == batch.labels.tolist()


def test_a_batch_is_what_render_makes(folder: Path) -> None:
    """The loader adds nothing of its own: decode, draw and render by hand give the same."""
    pack = fp.Pack(folder)
    samples = {pack[i].sample_id: pack[i] for i in range(len(pack))}
    with _loader(pack) as loader:
        loader.set_epoch(3)
        batch = next(iter(loader))
    for row, sample_id in enumerate(batch.sample_ids.tolist()):
        data = bytes(samples[sample_id].data)
        expected = fp.render(data, RECIPE, seed=5, epoch=3, sample_id=sample_id)
        for view, by_hand in zip(batch.views, expected, strict=True):
            np.testing.assert_array_equal(view[row].numpy(), by_hand)


@pytest.mark.parametrize(
    "options", [{"threads": 1}, {"threads": 5}, {"batch_size": 3}, {"batch_size": 24}]
)
def test_views_do_not_depend_on_threads_or_batch_size(
    folder: Path, options: dict[str, int]
) -> None:
    with _loader(folder) as loader, _loader(folder, **options) as other:
        assert _same(_epoch(loader), _epoch(other))


def test_views_do_not_depend_on_ranks(folder: Path) -> None:
    with _loader(folder) as alone:
        expected = _epoch(alone)
    together: dict[int, list[torch.Tensor]] = {}
    for rank in range(3):
        with _loader(folder, rank=rank, world_size=3, batch_size=2) as loader:
            assert len(loader) == 4
            part = _epoch(loader)
            assert not part.keys() & together.keys()
            together.update(part)
    assert _same(together, expected)


def test_epochs_and_seeds_differ_and_repeat(folder: Path) -> None:
    with _loader(folder) as loader, _loader(folder) as again, _loader(folder, seed=6) as other:
        first, second = _epoch(loader), _epoch(loader)
        assert loader.epoch == 2
        assert not _same(first, second)
        assert not _same(first, _epoch(other))
        again.set_epoch(1)
        assert _same(_epoch(again), second)


@pytest.mark.parametrize("leave", ["next", "break", "islice", "raise"])
def test_an_epoch_left_early_is_not_replayed(folder: Path, leave: str) -> None:
    """As torch's DataLoader does: a new iteration is a new epoch, with its order and views."""

    def take(loader: fp.Loader) -> list[fp.Batch]:
        if leave == "next":
            return [next(iter(loader))]
        if leave == "islice":
            return list(itertools.islice(loader, 2))
        taken = []
        with contextlib.suppress(ZeroDivisionError):
            for batch in loader:
                taken.append(batch)
                if leave == "break":
                    break
                raise ZeroDivisionError
        return taken

    with _loader(folder) as whole, _loader(folder) as loader:
        for epoch in range(3):
            for mine, expected in zip(take(loader), whole, strict=False):
                assert torch.equal(mine.sample_ids, expected.sample_ids)
                assert torch.equal(mine.views[0], expected.views[0])
            assert loader.epoch == epoch
            whole.set_epoch(epoch + 1)
        loader.set_epoch(0)
        whole.set_epoch(0)
        assert torch.equal(take(loader)[0].views[0], next(iter(whole)).views[0])


@pytest.mark.usefixtures("no_process_group")
def test_rank_and_world_size_come_from_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with _loader(folder) as from_environment, _loader(folder, rank=1, world_size=2) as given:
        assert len(from_environment) == 3
        assert _same(_epoch(from_environment), _epoch(given))


@pytest.mark.parametrize("stop", range(7))
def test_resume_is_exact_at_every_batch(folder: Path, stop: int) -> None:
    def batches(loader: fp.Loader) -> Iterator[fp.Batch]:
        for _ in range(2):
            yield from loader

    with _loader(folder) as loader:
        whole = list(batches(loader))
    with _loader(folder) as interrupted:
        iterator = iter(batches(interrupted))
        for _ in range(stop):
            next(iterator)
        state = json.loads(json.dumps(interrupted.state_dict()))
    with _loader(folder, threads=1) as resumed:
        resumed.load_state_dict(state)
        resumed.set_epoch(state["epoch"])
        rest = list(resumed)
        if resumed.epoch < 2:
            rest += list(resumed)
    assert len(rest) == len(whole) - stop
    for mine, expected in zip(rest, whole[stop:], strict=True):
        assert torch.equal(mine.sample_ids, expected.sample_ids)
        assert all(torch.equal(a, b) for a, b in zip(mine.views, expected.views, strict=True))


def test_a_loop_that_counts_batches_sees_new_epochs(folder: Path) -> None:
    """Lightning takes len(loader) batches and never asks for the end of the iteration."""
    with _loader(folder) as loader, _loader(folder) as counted:
        for epoch in range(3):
            expected = [batch.sample_ids.tolist() for batch in loader]
            iter(counted)  # a second iter() before the first batch changes nothing
            batches = itertools.islice(iter(counted), len(counted))
            assert [batch.sample_ids.tolist() for batch in batches] == expected
            assert counted.epoch == epoch


def test_an_iteration_is_empty_only_where_that_epoch_is_asked_for(folder: Path) -> None:
    with _loader(folder) as loader:
        for batch in loader:
            state, last = loader.state_dict(), batch.sample_ids.tolist()
        expected = [batch.sample_ids.tolist() for batch in loader]
    for asks in (False, True):
        with _loader(folder) as resumed:
            resumed.load_state_dict(state)
            assert resumed.epoch == 1
            if asks:  # for epoch in range(...): loader.set_epoch(epoch): this one is over
                resumed.set_epoch(0)
                assert list(resumed) == []
                resumed.set_epoch(1)
            iter(resumed)
            assert [batch.sample_ids.tolist() for batch in resumed] == expected
            assert resumed.epoch == 2
    with _loader(folder) as again:
        *_, final = list(again)
        assert final.sample_ids.tolist() == last
        again.set_epoch(0)
        assert next(iter(again)).sample_ids.tolist() != expected[0]


def test_resume_with_another_world_size(folder: Path) -> None:
    with _loader(folder, batch_size=4) as loader:
        whole = [batch.sample_ids.tolist() for batch in loader]
        iterator = iter(loader)
    with _loader(folder, batch_size=4) as loader:
        iterator = iter(loader)
        next(iterator)
        state = loader.state_dict()
    ranks = []
    for rank in range(2):
        with _loader(folder, batch_size=2, rank=rank, world_size=2) as loader:
            loader.load_state_dict(state)
            ranks.append([batch.sample_ids.tolist() for batch in loader])
    assert [a + b for a, b in zip(*ranks, strict=True)] == whole[1:]


def test_resume_elsewhere_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    other_folder = image_folder(tmp_path / "other", per_class=9)
    with _loader(folder) as loader, _loader(other_folder, seed=9) as other:
        with pytest.raises(fp.ConfigError, match=r"seed \(saved 5, here 9\).*fingerprint"):
            other.load_state_dict(loader.state_dict())


def test_drop_last(folder: Path) -> None:
    with _loader(folder, batch_size=7) as loader:
        assert [len(batch.sample_ids) for batch in loader] == [7, 7, 7]
    with _loader(folder, batch_size=7, drop_last=False, shuffle=False) as loader:
        assert [len(batch.sample_ids) for batch in loader] == [7, 7, 7, 3]
    with pytest.raises(fp.BadPack, match="do not fill one global batch of 25"):
        _loader(folder, batch_size=25)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_types_are_rounded_float32(folder: Path, dtype: str) -> None:
    with _loader(folder) as wide, _loader(folder, dtype=dtype) as narrow:
        expected, got = next(iter(wide)).views[0], next(iter(narrow)).views[0]
        assert got.dtype == getattr(torch, dtype)
        assert torch.equal(got, expected.to(got.dtype))


def test_uint8_is_before_normalization(folder: Path) -> None:
    view = RECIPE.views[0]
    with _loader(folder) as wide, _loader(folder, dtype="uint8") as pixels:
        expected, got = next(iter(wide)).views[0], next(iter(pixels)).views[0]
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (view.mean, view.std))
    torch.testing.assert_close((got / 255 - mean) / std, expected, rtol=0, atol=1e-6)


def test_kept_batches_are_never_overwritten(folder: Path) -> None:
    with _loader(folder) as loader:
        kept = list(loader)
        copies = [[view.clone() for view in batch.views] for batch in kept]
        for _ in range(3):
            list(loader)
        assert loader.stats().num_slots >= len(kept)
    for batch, copy in zip(kept, copies, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(batch.views, copy, strict=True))


def test_steady_state_allocates_no_batch_memory(folder: Path) -> None:
    with _loader(folder) as loader:
        for _ in range(2):
            for _batch in loader:
                pass
        after_warm_up = loader.stats().num_slots
        for _ in range(5):
            for _batch in loader:
                pass
        assert loader.stats().num_slots == after_warm_up


def test_png_and_webp_are_loaded_too(folder: Path, tmp_path: Path) -> None:
    from PIL import Image

    for name in ("a.png", "b.webp"):
        with Image.open(folder / "class_0" / "picture_0.jpg") as image:
            image.save(tmp_path / name, lossless=True)
    (tmp_path / "c.jpg").write_bytes(jpeg(1))
    pack = fp.Pack(tmp_path)
    with _loader(pack, batch_size=3, shuffle=False) as loader:
        batch = next(iter(loader))
    for row in range(3):
        sample = pack[row]
        by_hand = fp.render(
            fp.decode_image(sample.data), RECIPE, seed=5, sample_id=sample.sample_id
        )
        np.testing.assert_array_equal(batch.views[0][row].numpy(), by_hand[0])


def test_stats_count(folder: Path) -> None:
    with _loader(folder) as loader:
        list(loader)
        stats = loader.stats()
    assert (stats.num_images, stats.num_batches, stats.num_skipped) == (24, 6, 0)
    assert stats.slowest_stage in {"read", "decode", "augment"}
    assert 0 <= stats.wait_fraction <= 1
    assert stats.images_per_second > 0


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"batch_size": 0}, "batch_size = 0"),
        ({"threads": 0}, "threads = 0"),
        ({"dtype": "float64"}, "dtype = 'float64'"),
        ({"mode": "quick"}, "mode = 'quick'"),
        ({"on_error": "ignore"}, "on_error = 'ignore'"),
        ({"seed": -1}, "seed = -1"),
        ({"rank": 1}, "together"),
        ({"rank": 2, "world_size": 2}, "rank = 2"),
    ],
)
def test_bad_arguments_are_named(folder: Path, option: dict[str, object], error: str) -> None:
    with pytest.raises(fp.BadArgument, match=error):
        _loader(folder, **option)


def test_missing_backends_are_named(folder: Path) -> None:
    with pytest.raises(fp.MissingBackend, match="ffcv|FFCV"):  # not there, or no .beton is
        _loader(folder, backend="ffcv")
    if not torch.cuda.is_available():
        without_nvcc = any("nvcc" in backend.reason for backend in fp.backends())
        reason = "no nvcc was found" if without_nvcc else "no CUDA GPU"
        with pytest.raises(fp.MissingBackend, match=reason):
            _loader(folder, device="cuda")
