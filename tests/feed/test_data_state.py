"""A saved state is loaded with the data it was saved with, wherever they lie, and no other."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.pictures import image_folder
from support.tars import image_tar

import fastpass as fp
from fastpass.feed import data_state

RECIPE = fp.recipes.rrc(size=16)
EDITED = "class_1/picture_3.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return image_folder(tmp_path / "root")


@pytest.fixture(params=["small", "large"])
def source_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both rules, on the same few images."""
    if request.param == "large":
        monkeypatch.setattr(data_state, "_HASHED_BYTES", 1000)
    return str(request.param)


def _loader(source: object) -> fp.Loader:
    return fp.Loader(source, RECIPE, batch_size=4, threads=1)  # type: ignore[arg-type]


def _state(source: object) -> dict[str, object]:
    with _loader(source) as loader:
        next(iter(loader))
        state: dict[str, object] = json.loads(json.dumps(loader.state_dict()))
        return state


def _load(source: object, state: dict[str, object]) -> None:
    with _loader(source) as loader:
        loader.load_state_dict(state)
        assert len(list(loader)) == len(loader) - 1


def _edit(path: Path) -> None:
    """To the same size, in the middle of the image data."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.usefixtures("source_size")
def test_the_same_data_in_any_place(folder: Path, tmp_path: Path) -> None:
    state = _state(folder)
    _load(folder, state)
    shutil.copytree(folder, tmp_path / "copy")  # with the times of the files
    _load(tmp_path / "copy", state)
    # cp without -p
    shutil.copytree(folder, tmp_path / "fresh", copy_function=shutil.copyfile)
    _load(tmp_path / "fresh", state)


def test_an_edit_to_the_same_size_is_refused(folder: Path, source_size: str) -> None:
    state = _state(folder)
    _edit(folder / EDITED)
    with pytest.raises(fp.ConfigError, match="content" if source_size == "small" else "written"):
        _load(folder, state)


def test_an_edit_whose_time_was_put_back_is_refused_in_a_small_source(folder: Path) -> None:
    state = _state(folder)
    times = os.stat(folder / EDITED)
    _edit(folder / EDITED)
    os.utime(folder / EDITED, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(fp.ConfigError, match="content"):
        _load(folder, state)


def test_a_touched_file_of_a_small_source_is_the_same_data(folder: Path) -> None:
    state = _state(folder)
    (folder / EDITED).touch()
    _load(folder, state)


def test_a_refusal_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_state, "_HASHED_BYTES", 1000)
    state = _state(folder)
    (folder / EDITED).touch()
    with pytest.raises(fp.ConfigError, match="1 of 24 groups .* remove 'written'") as caught:
        _load(folder, state)
    assert len(str(caught.value)) < 400
    del state["written"]
    _load(folder, state)


def test_an_image_in_a_tar_that_was_edited(tmp_path: Path, source_size: str) -> None:
    tar = image_tar(tmp_path / "a.tar", range(12))
    state = _state(tar)
    data = bytearray(tar.read_bytes())
    data[1000] ^= 1
    tar.write_bytes(data)
    with pytest.raises(fp.ConfigError, match="content" if source_size == "small" else "tars"):
        _load(tar, state)


@pytest.mark.usefixtures("source_size")
def test_a_tar_that_was_copied(tmp_path: Path) -> None:
    tar = image_tar(tmp_path / "a.tar", range(12))
    state = _state(tar)
    shutil.copyfile(tar, tmp_path / "b.tar")
    _load(tmp_path / "b.tar", state)


@pytest.mark.usefixtures("source_size")
def test_states_of_earlier_versions_load(folder: Path) -> None:
    state = _state(folder)
    del state["content"], state["written"], state["tars"]
    _load(folder, state)
    del state["order"], state["shards"]
    _load(folder, state)


@pytest.mark.parametrize("ask", [fp.Loader.state_dict, None], ids=["save", "load"])
def test_a_file_that_has_gone_does_not_matter_any_more(
    folder: Path, ask: Callable[[fp.Loader], dict[str, object]] | None
) -> None:
    """What the source held is asked when it is opened; a consumed file may then be deleted."""
    state = _state(folder)
    with fp.Loader(folder, RECIPE, batch_size=24, shuffle=False) as loader:
        next(iter(loader))
        (folder / EDITED).unlink()
        if ask is None:
            loader.load_state_dict({**state, "shuffle": False})
        else:
            assert ask(loader)["samples_done"] == 24


def test_saving_asks_the_file_system_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _loader(folder) as loader:
        next(iter(loader))
        for name in ("fingerprint_of", "image_states"):
            monkeypatch.setattr(fp.Pack, name, property(lambda _: pytest.fail("asked")))
        loader.state_dict()
        loader.load_state_dict(loader.state_dict())
