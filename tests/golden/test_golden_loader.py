"""A loader goes on from a state that an earlier commit saved in the middle of an epoch."""

from __future__ import annotations

import golden_values as golden
import pytest


@pytest.mark.parametrize(
    "name", ["tar", "folder", "second of two ranks", "quasi-random", "in order"]
)
def test_the_following_batches(values, folder, name):
    saved = values["loader"][name]
    assert len(saved["following"]) > 2
    with golden.loaders(folder)[name] as loader:
        assert golden.following(loader, saved["state"]) == saved["following"]
