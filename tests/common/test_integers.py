"""Every public function takes whatever is an integer, and no bool, where it wants an integer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.pictures import image_folder, jpeg

import fastpass as fp
from fastpass.common.checks import require_integer, require_number
from fastpass.pack import build_index, pack_folder

DATA = jpeg(1)
CODES = np.random.default_rng(0).integers(0, 256, (20, 8), dtype=np.uint8)
PAIRS = fp.HammingIndex(CODES).pairs(24)
RECIPE = fp.recipes.rrc(size=32)
Number = Callable[[int], Any]


class Index:
    """Has nothing of a number but what makes it an integer."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __index__(self) -> int:
        return self._value


NUMBERS: list[Number] = [np.int64, np.uint8, np.int32, np.asarray, torch.tensor, Index]

# Functions of ``n``, which makes an integer of some type of a small int.
CALLS: dict[str, Callable[[Number], Any]] = {
    "decode_jpeg": lambda n: fp.decode_jpeg(DATA, threads=n(1)),
    "decode_jpeg crop": lambda n: fp.decode_jpeg(DATA, crop=fp.CropBox(n(3), n(5), n(7), n(9))),
    "decode_jpeg scale": lambda n: fp.decode_jpeg(DATA, scale_denominator=n(2)),
    "draw": lambda n: fp.draw(RECIPE, n(40), n(50), seed=n(7), epoch=n(2), sample_id=n(100)),
    "render": lambda n: fp.render(DATA, RECIPE, seed=n(7), epoch=n(2), sample_id=n(100)),
    "rrc": lambda n: fp.recipes.rrc(size=n(32)),
    "evaluation": lambda n: fp.recipes.evaluation(size=n(24), resize=n(32)),
    "dino": lambda n: fp.recipes.dino(num_local_crops=n(3)),
    "ViewSpec": lambda n: fp.ViewSpec(size=n(200), solarize_threshold=n(120)),
    "Blur": lambda n: fp.Blur(kind="gaussian", kernel_size=n(9)),
    "hash_images": lambda n: fp.hash_images([DATA], threads=n(1)).codes,
    "HammingIndex": lambda n: fp.HammingIndex(CODES, threads=n(1)).pairs(n(24)),
    "cluster": lambda n: fp.cluster(n(20), PAIRS),
}


def _plain(value: Any) -> Any:
    """What can be compared with ==, of whatever the calls return."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("number", NUMBERS)
def test_whatever_is_an_integer_is_taken_as_one(name: str, number: Number) -> None:
    assert _plain(CALLS[name](number)) == _plain(CALLS[name](int))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("number", [bool, np.bool_, lambda i: torch.tensor(True), float, str])
def test_bools_floats_and_texts_are_no_integers(name: str, number: Number) -> None:
    with pytest.raises(fp.BadArgument):
        CALLS[name](number)


@pytest.mark.parametrize("number", NUMBERS)
def test_recipes_of_such_numbers_are_data_of_python(number: Number) -> None:
    recipe = fp.recipes.rrc(size=number(32), scale=(np.float32(0.25), 1.0))
    assert json.loads(json.dumps(recipe.to_dict())) == fp.recipes.rrc(32, (0.25, 1.0)).to_dict()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("photos") / "p", num_classes=2, per_class=3)


@pytest.mark.parametrize("number", NUMBERS)
def test_loader_and_pack(number: Number, photos: Path, tmp_path: Path) -> None:
    pack = fp.Pack(photos)
    assert pack[number(2)].key == pack[2].key
    options = {"batch_size": 2, "seed": 3, "rank": 0, "world_size": 1, "threads": 1}
    with (
        fp.Loader(pack, RECIPE, **{k: number(v) for k, v in options.items()}) as loader,
        fp.Loader(pack, RECIPE, **options) as plain,
    ):
        loader.set_epoch(number(4))
        plain.set_epoch(4)
        for batch, wanted in zip(loader, plain, strict=True):
            assert torch.equal(torch.as_tensor(batch.views[0]), torch.as_tensor(wanted.views[0]))
        assert json.loads(json.dumps(loader.state_dict())) == plain.state_dict()
    report = pack_folder(photos, tmp_path / "out", shard_samples=number(4))
    assert [shard.num_samples for shard in report.shards] == [4, 2]
    assert json.dumps(asdict(build_index(report.shards[0].tar, threads=number(1))))


def test_a_sample_id_of_a_pack_goes_where_an_id_is_wanted(photos: Path) -> None:
    pack = fp.Pack(photos)
    ids = pack.sample_ids
    assert max(ids) > 2**53
    for i in range(len(pack)):
        found = fp.draw(RECIPE, 40, 50, seed=0, sample_id=ids[i])
        assert found == fp.draw(RECIPE, 40, 50, seed=0, sample_id=int(ids[i]))


def test_limits_are_those_of_the_integer() -> None:
    assert require_integer("x", np.uint8(200), 0, 200) == 200
    assert type(require_integer("x", np.int64(2**62), 0, 2**64 - 1)) is int
    with pytest.raises(fp.BadArgument, match=r"x = .*201.*, wanted an integer in \[0, 200\]"):
        require_integer("x", np.uint8(201), 0, 200)
    assert type(require_number("x", np.float32(0.5), 0, 1)) is float
    assert type(require_number("x", 1, 0, 1)) is int
    with pytest.raises(fp.BadArgument):
        require_number("x", True, 0, 1)
