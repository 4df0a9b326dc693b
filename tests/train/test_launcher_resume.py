"""The real launcher, two ranks: killed without warning in mid-epoch, then resumed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.log import read_log

HERE = Path(__file__).parent
STEPS_PER_EPOCH, NUM_STEPS = 6, 12
KILL_AFTER = 9  # in the second epoch; checkpoints come every second step


def start(output, *more, delay_milliseconds=0):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launcher = Path(sys.executable).with_name("deepspeed")
    command = [launcher, "--num_accelerators", "2", "--master_port", port, HERE / "fake_train.py",
               "--config", HERE / "tiny.toml", "--data", delay_milliseconds, "--output", output,
               *more, "train.epochs=2", "train.threads_per_rank=1"]  # fmt: skip
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {
        "PYTHONPATH": str(HERE.parents[1]),
        "DS_ACCELERATOR": "cpu",
        "PATH": path,
    }
    return subprocess.Popen([str(word) for word in command], env=environment)


def finish(process):
    assert process.wait(timeout=120) == 0


def wait_for_step(output, step):
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if (output / "log.jsonl").exists() and len(read_log(output)) >= step:
            return
        time.sleep(0.02)
    pytest.fail(f"no log line of step {step} within 100 s")


@pytest.mark.slow
def test_kill_9_then_resume_repeats_the_uninterrupted_run(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finish(start(whole))

    process = start(broken, delay_milliseconds=300)
    wait_for_step(broken, KILL_AFTER)
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for member in family:
        member.send_signal(signal.SIGKILL)
    process.wait()
    resumed_at = find_checkpoint(broken).step
    assert STEPS_PER_EPOCH < resumed_at <= len(read_log(broken)) < NUM_STEPS
    finish(start(broken, "--resume"))

    expected, found = read_log(whole), read_log(broken)
    assert [line["step"] for line in found] == list(range(1, NUM_STEPS + 1))
    for name in ("loss", "teacher_entropy", "prototype_entropy", "feature_std", "lr"):
        assert [line[name] for line in found] == [line[name] for line in expected], name
    one, other = find_checkpoint(whole), find_checkpoint(broken)
    for file in ("teacher.safetensors", "student.safetensors", "resume.safetensors"):
        tensors = other.tensors(file)
        for name, value in one.tensors(file).items():
            assert torch.equal(value, tensors[name]), (file, name)
