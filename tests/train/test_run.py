"""Whole runs in one process, under DeepSpeed, on the fake loader."""

from __future__ import annotations

import json
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import stand_ins
import torch
from fake_data import open_fake_data
from support import view_operations

from fastpass.augment import Recipe, ViewSpec, recipes
from fastpass.common import progress
from fastpass.errors import BadArgument, BadCheckpoint, Collapsed
from fastpass.train import config as sections
from fastpass.train import data
from fastpass.train.checkpoint import find_checkpoint, kept_checkpoints
from fastpass.train.methods.dino import DinoConfig
from fastpass.train.read_config import read_config
from fastpass.train.run import train
from fastpass.train.watch.log import read_log

TINY = Path(__file__).with_name("tiny.toml")
NUM_STEPS = 8  # 48 images, 12 per step, 2 epochs

pytestmark = pytest.mark.slow


def config(*overrides):
    fixed = ["train.epochs=2", "data.batch_size=12", "train.threads_per_rank=1",
             "checkpoint.every_epochs=0.5"]  # fmt: skip
    return read_config(TINY, [*fixed, *overrides])


def run(output, *overrides, images="0", should_resume=False, open_data=open_fake_data):
    return train(
        config(*overrides), images, output, should_resume=should_resume, open_data=open_data
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    output = tmp_path_factory.mktemp("finished")
    assert run(output) is True
    return output


def test_lines_say_how_far_it_is(tmp_path, monkeypatch, capsys):
    """Where standard error is no terminal."""
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINES", 0.01)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.01)
    assert run(tmp_path, "train.epochs=1") is True
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("training")]
    assert lines
    wanted = r"training(, loss \d+\.\d{4}, \d+ images/s)?: [1-4] of 4"
    assert all(re.fullmatch(wanted, line) for line in lines), lines


def test_log_has_one_complete_line_per_step(finished):
    log = read_log(finished)
    assert [line["step"] for line in log] == list(range(1, NUM_STEPS + 1))
    wanted = {
        "epoch", "loss", "lr", "weight_decay", "teacher_momentum", "teacher_entropy",
        "feature_std", "images_per_second", "data_wait",
    }  # fmt: skip
    assert all(wanted <= line.keys() for line in log)
    assert log[-1]["epoch"] == 2.0
    assert all(0.0 <= line["data_wait"] <= 1.0 for line in log)


def test_checkpoints_are_pruned_and_complete(finished):
    folders = sorted(path.name for path in (finished / "checkpoints").glob("step-*"))
    assert folders == ["step-00000006", "step-00000008"]
    checkpoint = find_checkpoint(finished)
    checkpoint.verify()
    assert checkpoint.step == NUM_STEPS
    assert checkpoint.state["is_finished"] is True
    assert set(checkpoint.tensors("teacher.safetensors")) == set(
        checkpoint.tensors("student.safetensors")
    )


def test_kept_checkpoints_are_listed_oldest_first(finished):
    kept = kept_checkpoints(finished)
    assert [checkpoint.step for checkpoint in kept] == [6, 8]
    assert kept[-1].folder == find_checkpoint(finished).folder


def open_data_with(number):
    """The signal comes while the third batch is made."""

    def open_data(config, pattern, device):
        opened = open_fake_data(config, pattern, device)
        make_batch, served = opened.loader.batch, []

        def batch(sample_ids):
            served.append(sample_ids)
            if len(served) == 3:
                os.kill(os.getpid(), number)
            return make_batch(sample_ids)

        opened.loader.batch = batch
        return opened

    return open_data


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_ends_the_run_with_a_checkpoint(tmp_path, number):
    assert run(tmp_path, open_data=open_data_with(number)) is False
    assert find_checkpoint(tmp_path).step == 3


def test_resume_after_sigterm_repeats_the_uninterrupted_run(finished, tmp_path):
    assert run(tmp_path, open_data=open_data_with(signal.SIGTERM)) is False
    assert find_checkpoint(tmp_path).step == 3
    assert run(tmp_path, should_resume=True) is True
    for name in ("loss", "teacher_entropy", "feature_std", "lr"):
        assert [x[name] for x in read_log(tmp_path)] == [x[name] for x in read_log(finished)]
    old, new = find_checkpoint(finished), find_checkpoint(tmp_path)
    for file in ("teacher.safetensors", "student.safetensors", "resume.safetensors"):
        for name, value in old.tensors(file).items():
            assert torch.equal(value, new.tensors(file)[name]), (file, name)


def test_resuming_a_finished_run_does_nothing(finished):
    before = read_log(finished)
    assert run(finished, should_resume=True) is True
    assert read_log(finished) == before


def test_an_existing_run_is_not_overwritten(finished):
    with pytest.raises(BadArgument, match="--resume"):
        run(finished)


def test_changed_configuration_is_refused_by_name(finished):
    with pytest.raises(BadCheckpoint) as caught:
        run(finished, "train.base_lr=0.1", "loss.teacher_temp=0.05", should_resume=True)
    assert "train.base_lr: 0.05 -> 0.1" in str(caught.value)
    assert "loss.teacher_temp: 0.04 -> 0.05" in str(caught.value)


def test_harmless_changes_are_allowed(finished):
    assert run(finished, "log.every_steps=5", "checkpoint.keep=3", should_resume=True) is True


def test_changed_images_are_refused(finished):
    with pytest.raises(BadCheckpoint, match="fakeother"):
        run(finished, images="0:other", should_resume=True)


def test_a_changed_recipe_file_is_refused(tmp_path):
    """Its path in the configuration is the same, so the recipe itself is compared."""

    def open_with(recipe):
        return lambda *args: replace(open_fake_data(*args), recipe=recipe)

    assert run(tmp_path, open_data=open_with(recipes.rrc(32))) is True
    assert run(tmp_path, open_data=open_with(recipes.rrc(32)), should_resume=True) is True
    with pytest.raises(BadCheckpoint, match="another recipe"):
        run(tmp_path, open_data=open_with(recipes.rrc(33)), should_resume=True)


def test_a_changed_operation_on_views_is_refused(tmp_path, monkeypatch):
    def open_with_operation(*args):
        paint = view_operations.paint
        recipe = Recipe("mine", (ViewSpec(size=32, ops=(paint,)),))
        return replace(open_fake_data(*args), recipe=recipe)

    assert run(tmp_path, open_data=open_with_operation) is True
    assert run(tmp_path, open_data=open_with_operation, should_resume=True) is True
    changed = replace(view_operations.paint, source="0123456789abcdef")
    monkeypatch.setattr(view_operations, "paint", changed)
    with pytest.raises(BadCheckpoint, match="view_operations:paint has changed"):
        run(tmp_path, open_data=open_with_operation, should_resume=True)


def test_nothing_to_resume_is_a_beginning_and_said(finished, tmp_path, capfd):
    """Scripts that are queued again give --resume the first time, too."""
    assert run(tmp_path, should_resume=True) is True
    assert (
        f"{tmp_path} holds no checkpoint yet: this run starts from the beginning"
        in capfd.readouterr().err
    )
    assert [line["loss"] for line in read_log(tmp_path)] == [
        line["loss"] for line in read_log(finished)
    ]


@pytest.mark.parametrize("name", ["teacher.safetensors", "deepspeed/mp_rank_00_model_states.pt"])
def test_damage_is_found(finished, name):
    path = find_checkpoint(finished).folder / name
    good = path.read_bytes()
    try:
        middle = len(good) // 2
        path.write_bytes(good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :])
        with pytest.raises(BadCheckpoint, match=f"{path.name} is damaged"):
            run(finished, should_resume=True)
        path.unlink()
        with pytest.raises(BadCheckpoint, match=f"{path.name} is missing"):
            run(finished, should_resume=True)
    finally:
        path.write_bytes(good)


def test_damaged_state_and_pointer(finished):
    checkpoint = find_checkpoint(finished)
    state, pointer = checkpoint.folder / "state.json", checkpoint.folder.parent / "latest"
    good_state, good_pointer = state.read_text(), pointer.read_text()
    try:
        for text in ("{", "[]", json.dumps({"format": 99})):
            state.write_text(text)
            with pytest.raises(BadCheckpoint):
                find_checkpoint(finished)
        for text in ("", "step-99999999", "../../etc"):
            pointer.write_text(text)
            with pytest.raises(BadCheckpoint, match="latest"):
                find_checkpoint(finished)
    finally:
        state.write_text(good_state)
        pointer.write_text(good_pointer)


def test_crafted_collapse_stops_the_run_and_a_healthy_one_goes_on(tmp_path):
    with pytest.raises(Collapsed, match="uniform"):
        run(tmp_path / "bad", "loss.teacher_temp=1e6", "loss.teacher_temp_start=1e6",
            "monitor.policy=stop", "monitor.patience=2")  # fmt: skip
    assert len(read_log(tmp_path / "bad")) == 4 + 2  # one epoch of grace, then two bad lines
    assert run(tmp_path / "good", "monitor.policy=stop", "monitor.patience=2") is True


def test_every_key_of_every_recipe_is_read(finished, tmp_path, monkeypatch):
    """A key that no code looks at would be a promise not kept."""
    read: set[tuple[str, str]] = set()
    original = sections.Section.__getattribute__

    def recording(self, name):
        if name in type(self).model_fields:
            read.add((type(self).__name__, name))
        return original(self, name)

    monkeypatch.setattr(sections.Section, "__getattribute__", recording)
    run(tmp_path, "train.epochs=1", "monitor.grace_epochs=0", "monitor.policy=warn")
    stand_ins.install(monkeypatch)
    data.open_data(config(), "somewhere", torch.device("cpu"))
    unread = {
        (section.annotation.__name__, key)
        for section in DinoConfig.model_fields.values()
        for key in section.annotation.model_fields
    } - read
    assert not unread
