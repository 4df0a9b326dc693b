"""Views depend on (seed, epoch, sample_id, view) alone: one reference, every other way to it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from support.tars import image_tar
from support.view_hashes import hashes_by_sample

import fastpass as fp

RECIPE = fp.recipes.dino(global_size=16, local_size=16, num_local_crops=1)
EPOCH = 3
NUM_SAMPLES = 90


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """90 samples in shards of 13 and 77."""
    folder = tmp_path_factory.mktemp("tars")
    return [
        str(image_tar(folder / "a.tar", range(13))),
        str(image_tar(folder / "b.tar", range(13, NUM_SAMPLES))),
    ]


def _hashes(source: object, **options: object) -> dict[int, str]:
    values = {"batch_size": 6, "threads": 2, "seed": 11, "drop_last": False, **options}
    with fp.Loader(source, RECIPE, **values) as loader:  # type: ignore[arg-type]
        loader.set_epoch(EPOCH)
        return hashes_by_sample(loader)


@pytest.fixture(scope="module")
def reference(tars: list[str]) -> dict[int, str]:
    """Made by hand, without a loader."""
    import xxhash

    hashes = {}
    for sample in fp.Pack(tars):
        digest = xxhash.xxh3_64()
        for view in fp.render(
            sample.data, RECIPE, seed=11, epoch=EPOCH, sample_id=sample.sample_id
        ):
            digest.update(view.tobytes())
        hashes[sample.sample_id] = digest.hexdigest()
    assert len(hashes) == len(set(hashes.values())) == NUM_SAMPLES
    return hashes


@pytest.mark.parametrize(
    "order", [{"shuffle": False}, {"order": "random"}, {"order": "quasi_random"}]
)
@pytest.mark.parametrize(("threads", "reads"), [(1, "mmap"), (2, "pread"), (4, "mmap")])
def test_of_threads_reads_and_order(
    tars: list[str], reference: dict[int, str], order: dict[str, object], threads: int, reads: str
) -> None:
    assert _hashes(tars, threads=threads, reads=reads, **order) == reference


@pytest.mark.parametrize("batch_size", [1, 7, 64, 90])
@pytest.mark.parametrize("batches_ahead", [1, 5])
def test_of_batch_size_and_batches_ahead(
    tars: list[str], reference: dict[int, str], batch_size: int, batches_ahead: int
) -> None:
    assert _hashes(tars, batch_size=batch_size, batches_ahead=batches_ahead) == reference


@pytest.mark.parametrize("order", ["random", "quasi_random"])
@pytest.mark.parametrize("world_size", [2, 3])
def test_of_ranks(tars: list[str], reference: dict[int, str], world_size: int, order: str) -> None:
    parts = [
        _hashes(tars, rank=rank, world_size=world_size, order=order) for rank in range(world_size)
    ]
    assert sum(map(len, parts)) == NUM_SAMPLES
    assert {key: value for part in parts for key, value in part.items()} == reference


def test_of_how_the_source_is_cut_into_shards(
    tars: list[str], reference: dict[int, str], tmp_path: Path
) -> None:
    whole = image_tar(tmp_path / "all.tar", range(NUM_SAMPLES))
    assert _hashes(str(whole), order="quasi_random") == reference
    assert _hashes(tars[::-1]) == reference


@pytest.mark.parametrize("order", ["random", "quasi_random"])
def test_of_restarts_in_the_middle(tars: list[str], reference: dict[int, str], order: str) -> None:
    options = {"batch_size": 8, "seed": 11, "drop_last": False, "order": order}
    with fp.Loader(tars, RECIPE, threads=2, **options) as loader:  # type: ignore[arg-type]
        loader.set_epoch(EPOCH)
        seen = hashes_by_sample(itertools.islice(iter(loader), 4))
        state = loader.state_dict()
    with fp.Loader(tars, RECIPE, threads=1, reads="pread", **options) as loader:  # type: ignore[arg-type]
        loader.load_state_dict(state)
        rest = hashes_by_sample(loader)
    assert not seen.keys() & rest.keys()
    assert {**seen, **rest} == reference


def test_but_seed_and_epoch_change_every_view(tars: list[str], reference: dict[int, str]) -> None:
    other_seed = _hashes(tars, seed=12)
    with fp.Loader(tars, RECIPE, batch_size=6, seed=11, drop_last=False, threads=2) as loader:
        other_epoch = hashes_by_sample(loader)
    for other in (other_seed, other_epoch):
        assert other.keys() == reference.keys()
        assert not set(other.values()) & set(reference.values())


def test_orders_differ_and_a_state_does_not_fit_another(tars: list[str]) -> None:
    options = {"batch_size": 30, "threads": 1, "seed": 11}
    with (
        fp.Loader(tars, RECIPE, **options) as random,  # type: ignore[arg-type]
        fp.Loader(tars, RECIPE, order="quasi_random", **options) as quasi,  # type: ignore[arg-type]
    ):
        assert next(iter(random)).sample_ids.tolist() != next(iter(quasi)).sample_ids.tolist()
        state = random.state_dict()
        assert state["order"] == "random"
        with pytest.raises(fp.ConfigError, match=r"order \(saved 'random', here 'quasi_random'\)"):
            quasi.load_state_dict(state)
        # States of versions that had one order do not name it.
        old = {key: value for key, value in state.items() if key != "order"}
        random.load_state_dict(old)
        with pytest.raises(fp.ConfigError, match=r"order \(saved 'random'"):
            quasi.load_state_dict(old)
