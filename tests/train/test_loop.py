"""Steps and epochs of the training loop where damaged images cost whole batches."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fastpass.errors import BadPack
from fastpass.train.loop import TrainLoop


class LossyLoader:
    """Four batches planned an epoch; ``lost[epoch]`` of them never arrive."""

    def __init__(self, lost: dict[int, int]) -> None:
        self._lost = lost
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __iter__(self) -> Any:
        return iter([f"epoch {self._epoch}"] * (4 - self._lost.get(self._epoch, 0)))


def numbered(lost: dict[int, int], first_step: int = 0) -> list[tuple[int, str]]:
    loop = SimpleNamespace(
        _steps_per_epoch=4,
        _config=SimpleNamespace(train=SimpleNamespace(epochs=3)),
        _loader=LossyLoader(lost),
    )
    return list(TrainLoop._numbered_batches(loop, first_step))  # type: ignore[arg-type]


def test_every_epoch_begins_at_its_own_step() -> None:
    assert [step for step, _ in numbered({})] == list(range(12))
    assert numbered({0: 1}) == [
        *((step, "epoch 0") for step in range(3)),
        *((step, "epoch 1") for step in range(4, 8)),
        *((step, "epoch 2") for step in range(8, 12)),
    ]


def test_a_restart_inside_an_epoch_goes_on_counting() -> None:
    assert [step for step, _ in numbered({1: 2}, first_step=6)] == [6, 7, 8, 9, 10, 11]


def test_an_epoch_of_damage_is_an_error() -> None:
    with pytest.raises(BadPack, match="epoch 1 has no batch"):
        numbered({1: 4})
