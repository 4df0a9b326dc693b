"""Every sample exactly once, in order, on any number of ranks: what an evaluation needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from support.pictures import image_folder

import fastpass as fp

RECIPE = fp.recipes.evaluation(size=16, resize=20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("pictures") / "root", num_classes=2, per_class=5)


def _ids(loader: fp.Loader) -> list[list[int]]:
    return [batch.sample_ids.tolist() for batch in loader]


def _flat(nested: Iterable[Iterable[int]]) -> list[int]:
    return list(itertools.chain.from_iterable(nested))


def _loaders(source: object, world_size: int, **options: object) -> list[fp.Loader]:
    return [
        fp.Loader(source, RECIPE, threads=1, rank=rank, world_size=world_size, **options)  # type: ignore[arg-type]
        for rank in range(world_size)
    ]


def test_an_evaluation_neither_shuffles_nor_drops_by_default(folder: Path) -> None:
    expected = fp.Pack(folder).sample_ids.tolist()
    with fp.Loader(folder, RECIPE, batch_size=4) as loader:
        for _ in range(2):
            assert _ids(loader) == [expected[0:4], expected[4:8], expected[8:10]]
        assert len(loader) == 3
    with fp.Loader(folder, RECIPE, batch_size=4, shuffle=True, drop_last=True) as loader:
        assert _flat(_ids(loader)) != expected[:8]
        assert len(loader) == 2
    with fp.Loader(folder, fp.recipes.rrc(size=16), batch_size=4) as loader:
        assert len(loader) == 2
        assert _flat(_ids(loader)) != expected[:8]


@pytest.mark.parametrize("on_gpu", [False, True])
def test_ten_samples_on_three_ranks(folder: Path, on_gpu: bool, gpu: torch.device) -> None:
    """It was 12: the first samples came twice."""
    device = "cuda" if on_gpu else "cpu"
    expected = fp.Pack(folder).sample_ids.tolist()
    loaders = _loaders(folder, 3, batch_size=2, device=device)
    by_rank = [_ids(loader) for loader in loaders]
    assert [[len(batch) for batch in batches] for batches in by_rank] == [[2, 2], [2, 1], [2, 1]]
    assert sorted(_flat(map(_flat, by_rank))) == sorted(expected)
    loaders = _loaders(folder, 3, batch_size=3, device=device)
    assert [len(loader) for loader in loaders] == [2, 1, 1]
    assert [[len(batch) for batch in _ids(loader)] for loader in loaders] == [[3, 1], [3], [3]]


def test_padding_gives_every_rank_the_same_number(folder: Path) -> None:
    expected = fp.Pack(folder).sample_ids.tolist()
    loaders = _loaders(folder, 3, batch_size=2, pad_last=True)
    by_rank = [_ids(loader) for loader in loaders]
    assert [[len(batch) for batch in batches] for batches in by_rank] == [[2, 2]] * 3
    assert [batches[1] for batches in by_rank] == [expected[6:8], expected[8:10], expected[0:2]]
    with pytest.raises(fp.BadArgument, match="drop_last and pad_last"):
        fp.Loader(folder, RECIPE, batch_size=2, drop_last=True, pad_last=True)
    with fp.Loader(folder, fp.recipes.rrc(size=16), batch_size=4, pad_last=True) as loader:
        assert len(loader) == 3  # of a training recipe too


def test_more_ranks_than_samples(folder: Path) -> None:
    loaders = _loaders(folder, 12, batch_size=4)
    assert [len(loader) for loader in loaders] == [1] * 10 + [0] * 2
    for _ in range(2):
        assert [len(_ids(loader)) for loader in loaders] == [1] * 10 + [0] * 2
    assert [loader.epoch for loader in loaders] == [2] * 12


def test_resuming_where_only_some_ranks_have_something_left(folder: Path) -> None:
    loaders = _loaders(folder, 3, batch_size=3, shuffle=True)
    first = [next(iter(loader)).sample_ids.tolist() for loader in loaders]
    states = [loader.state_dict() for loader in loaders]
    assert states[0] == states[1] == states[2]
    again = _loaders(folder, 3, batch_size=3, shuffle=True)
    for loader in again:
        loader.load_state_dict(states[0])
    rest = [_ids(loader) for loader in again]
    assert [len(batches) for batches in rest] == [1, 0, 0]
    assert sorted(_flat(first) + rest[0][0]) == sorted(fp.Pack(folder).sample_ids.tolist())
    assert [loader.epoch for loader in again] == [1, 1, 1]  # in step, also the ranks without


def test_a_rank_with_nothing_but_damage(tmp_path: Path) -> None:
    """Ranks that need not keep in step leave the batch out; those that must are told."""
    root = image_folder(tmp_path / "root", num_classes=1, per_class=4)
    for name in ("picture_2.jpg", "picture_3.jpg"):
        (root / "class_0" / name).write_bytes(b"no picture")
    options: dict[str, object] = {"batch_size": 1, "on_error": "skip"}
    loaders = _loaders(root, 2, **options)
    assert [len(_ids(loader)) for loader in loaders] == [1, 1]
    for ends in ({"pad_last": True}, {"drop_last": True}):
        loader = _loaders(root, 2, **options, **ends)[0]
        with pytest.raises(fp.BadPack, match="other ranks cannot go on"):
            _ids(loader)


def test_the_trainer_keeps_its_ranks_even(tmp_path: Path) -> None:
    """Also with views that are not drawn at random."""
    from fastpass.train.config import Config
    from fastpass.train.data import open_data

    root = image_folder(tmp_path / "root", num_classes=1, per_class=7)
    recipe = fp.Recipe("still", (RECIPE.views[0], RECIPE.views[0]))
    fp.recipes.save(recipe, tmp_path / "still.toml")
    config = Config(augment={"recipe": str(tmp_path / "still.toml")}, data={"batch_size": 2})
    data = open_data(config, str(root), torch.device("cpu"))
    assert [len(batch.views[0]) for batch in data.loader] == [2, 2, 2]
    data.loader.close()
