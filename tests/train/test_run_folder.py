"""Where a run may begin or go on: folders with half a run, another run, or somebody's files."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from fake_data import open_fake_data

from fastpass.errors import (
    BadArgument,
    BadCheckpoint,
    FolderInUse,
    ReadFailed,
    WouldOverwrite,
    WriteFailed,
)
from fastpass.train.checkpoint import (
    CheckpointWriter,
    find_checkpoint,
    has_checkpoint,
    kept_checkpoints,
    lock,
)
from fastpass.train.checkpoint.lock import LOCK_NAME, held_folder, sees_word
from fastpass.train.read_config import read_config
from fastpass.train.run import train

TINY = Path(__file__).with_name("tiny.toml")


def run(output, *overrides, should_resume=False):
    fixed = ["train.epochs=2", "data.batch_size=12", "train.threads_per_rank=1",
             "checkpoint.every_epochs=0.5"]  # fmt: skip
    config = read_config(TINY, [*fixed, *overrides])
    return train(config, "0", output, should_resume=should_resume, open_data=open_fake_data)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    output = tmp_path_factory.mktemp("original")
    assert run(output) is True
    return output


@pytest.fixture
def finished(original, tmp_path):
    """A run of 8 steps with checkpoints of steps 6 and 8, to be damaged."""
    return Path(shutil.copytree(original, tmp_path / "run"))


def content(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("should_resume", [False, True])
def test_without_latest_nothing_is_overwritten(finished, should_resume):
    (finished / "checkpoints" / "latest").unlink()
    before = content(finished)
    with pytest.raises(BadArgument, match="no file 'latest'.*write step-00000008 into"):
        run(finished, should_resume=should_resume)
    assert content(finished) == before


@pytest.mark.slow
def test_a_log_without_a_checkpoint_is_replaced_only_when_resuming(finished):
    shutil.rmtree(finished / "checkpoints")
    before = content(finished)
    with pytest.raises(BadArgument, match="already holds a run: add --resume"):
        run(finished)
    assert content(finished) == before
    assert run(finished, should_resume=True) is True
    assert find_checkpoint(finished).step == 8


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.json", "log.jsonl", "checkpoints"])
def test_files_of_others_are_left_alone(tmp_path, name):
    (tmp_path / name).mkdir() if name == "checkpoints" else (tmp_path / name).write_text("mine")
    before = content(tmp_path)
    with pytest.raises((WouldOverwrite, BadArgument), match=name if name != "log.jsonl" else "run"):
        run(tmp_path)
    assert content(tmp_path) == before


@pytest.mark.slow
def test_the_device_of_the_loader_may_change(finished):
    assert run(finished, "data.device=cpu", should_resume=True) is True


@pytest.mark.slow
def test_garbage_in_the_log_is_named(finished):
    path = finished / "log.jsonl"
    path.write_bytes(b"\xff\xfe garbage\n" + path.read_bytes())
    with pytest.raises(ReadFailed, match="log.jsonl, line 1"):
        run(finished, should_resume=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "latest is empty; to go back"),
        (b" \n", "latest is empty; to go back"),
        (b"\xff\x00\xfe", "is not text"),
        (b"step-00000099", "names 'step-00000099'"),
        (b"../..", "names '../..'"),
    ],
)
def test_a_broken_pointer_is_named_with_the_right_advice(finished, text, words):
    pointer = finished / "checkpoints" / "latest"
    pointer.write_bytes(text)
    with pytest.raises(BadCheckpoint) as caught:
        find_checkpoint(finished)
    assert words in str(caught.value)
    assert f"into {pointer} (step-00000006, step-00000008 are there)" in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe", "cannot be read"),
        (b"{", "cannot be read"),
        (b"[1]", "format None"),
        (b'{"format": 1}', "step, epoch, config, backbone, files missing"),
        (b'{"format": 1, "step": "x", "epoch": 1, "config": {"train": {}}, "files": {"a": 3},'
         b'"backbone": {"name": "", "kwargs": [], "image_size": 0, "mean": [1], "std": [0, 1, 1]}}',
         "step, config.train.seed, backbone.name, backbone.kwargs, backbone.image_size, "
         "backbone.mean, backbone.std.0, files.a missing or of a wrong kind; to go back"),
    ],
)  # fmt: skip
def test_a_broken_state_is_named(finished, text, words):
    state = finished / "checkpoints" / "step-00000008" / "state.json"
    state.write_bytes(text)
    with pytest.raises(BadCheckpoint) as caught:
        find_checkpoint(finished)
    assert str(state) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("loader", None, "loader missing or of a wrong kind"),
        ("loader", [3], "loader.0 missing or of a wrong kind"),
        ("data", "x", "data missing or of a wrong kind"),
        ("data", {"num_samples": 3}, "data.fingerprint missing or of a wrong kind"),
        ("world_size", "1", "world_size missing or of a wrong kind"),
    ],
)
def test_a_state_without_what_resuming_needs_is_named(finished, key, value, words):
    path = finished / "checkpoints" / "step-00000008" / "state.json"
    state = {**json.loads(path.read_text()), key: value}
    del state["crc32"]  # as an older version wrote it
    path.write_text(json.dumps(state))
    with pytest.raises(BadCheckpoint, match=f"state.json: {words}; to go back"):
        run(finished, should_resume=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "old", "new"), [("image_size", 16, 17), ("seed", 0, 1), ("step", 8, 6)]
)
def test_a_changed_state_is_damaged(finished, key, old, new):
    """Nothing else would say so: its numbers are as good as any."""
    path = finished / "checkpoints" / "step-00000008" / "state.json"
    good, bad = (f'"{key}": {value}' for value in (old, new))
    assert good in path.read_text()
    path.write_text(path.read_text().replace(good, bad, 1))
    with pytest.raises(BadCheckpoint, match=f"{path} is damaged.*step-00000006 is there"):
        find_checkpoint(finished)


@pytest.mark.slow
def test_reading_a_file_of_a_checkpoint_checks_it(finished):
    checkpoint = find_checkpoint(finished)
    path = checkpoint.folder / "teacher.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BadCheckpoint, match="teacher.safetensors is damaged"):
        checkpoint.tensors("teacher.safetensors")


@pytest.mark.slow
def test_what_a_crash_left_half_removed_is_no_checkpoint(finished):
    checkpoints = finished / "checkpoints"
    shutil.copytree(checkpoints / "step-00000006", checkpoints / "step-00000002")
    (checkpoints / "step-00000002" / "state.json").unlink()
    (checkpoints / "step-mine").mkdir()
    assert [checkpoint.step for checkpoint in kept_checkpoints(finished)] == [6, 8]
    # A run that goes on from the older one removes it, writes the newer one again, and leaves what
    # it did not make.
    (checkpoints / "latest").write_text("step-00000006\n")
    assert run(finished, should_resume=True) is True
    find_checkpoint(finished).verify()
    names = sorted(path.name for path in checkpoints.iterdir())
    assert names == ["latest", "step-00000006", "step-00000008", "step-mine"]


def test_a_checkpoint_that_lacks_files_of_other_ranks_is_not_published(tmp_path):
    """Machines without a shared disk, should the check at the start have missed it."""
    writer = CheckpointWriter(tmp_path, keep=1)
    writer.begin(3)
    wanted = ["deepspeed/zero_pp_rank_1_mp_rank_00_optim_states.pt"]
    with pytest.raises(WriteFailed, match=f"would lack {wanted[0]}.*disk that all machines share"):
        writer.publish(3, {}, {"epoch": 1.0}, wanted=wanted)
    assert not has_checkpoint(tmp_path)
    assert not list(tmp_path.rglob("step-00000003"))


def test_a_living_run_holds_its_folder(tmp_path):
    with held_folder(tmp_path) as word:
        assert sees_word(tmp_path, word)
        with pytest.raises(FolderInUse, match=f"process {os.getpid()} on {socket.gethostname()}"):
            with held_folder(tmp_path):
                pass
    assert not (tmp_path / LOCK_NAME).exists()
    with held_folder(tmp_path) as other:
        assert other != word


def test_a_dead_run_does_not(tmp_path):
    """Killed with -9: its name still stands in the lock."""
    program = (
        "import os, signal, sys; from pathlib import Path;"
        "from fastpass.train.checkpoint.lock import held_folder;"
        "held = held_folder(Path(sys.argv[1])); held.__enter__();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], check=False, timeout=60)
    assert json.loads((tmp_path / LOCK_NAME).read_text())["host"] == socket.gethostname()
    with held_folder(tmp_path):
        pass


def test_of_another_machine_only_signs_of_life_can_be_seen(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lock, "SECONDS_TO_WATCH", 0.5)
    path = tmp_path / LOCK_NAME
    path.write_text(json.dumps({"host": "elsewhere", "pid": 5, "started": "7", "beat": 3}))
    with held_folder(tmp_path):  # it stood still
        pass
    assert f"{tmp_path} was held by process 5 on elsewhere: watching" in capsys.readouterr().err
    beats = iter(range(4, 10_000))

    def beat_while_we_wait(_seconds):
        path.write_text(json.dumps({"host": "elsewhere", "pid": 5, "beat": next(beats)}))

    path.write_text(json.dumps({"host": "elsewhere", "pid": 5, "beat": 3}))
    monkeypatch.setattr(lock.time, "sleep", beat_while_we_wait)
    with pytest.raises(FolderInUse, match="process 5 on elsewhere"):
        with held_folder(tmp_path):
            pass


def test_another_disk_does_not_show_the_word(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "SECONDS_TO_APPEAR", 0.1)
    with held_folder(tmp_path / "here") as word:
        assert not sees_word(tmp_path / "there", word)
