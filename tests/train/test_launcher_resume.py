"""The real launcher, two ranks: killed without warning in mid-epoch, then resumed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import torch

from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.watch.log import read_log

HERE = Path(__file__).parent
STEPS_PER_EPOCH, NUM_STEPS = 6, 12
LIMIT_SECONDS = 240  # a launch takes 25 s on two idle cores
KILL_AFTER = 9  # in the second epoch; checkpoints come every second step


@contextmanager
def launched(output, *more, delay_milliseconds=0):
    """The launcher and all its descendants; none of them survives the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launcher = Path(sys.executable).with_name("deepspeed")
    command = [launcher, "--num_accelerators", "2", "--master_port", port, HERE / "fake_train.py",
               "--config", HERE / "tiny.toml", "--data", delay_milliseconds, "--output", output,
               *more, "train.epochs=2", "train.threads_per_rank=1"]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(HERE.parents[1]),
        "DS_ACCELERATOR": "cpu",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    process = subprocess.Popen([str(word) for word in command], env=environment)
    try:
        yield process
    finally:
        kill_family(process)


def kill_family(process):
    """SIGKILL, as the kernel does when memory runs out: nobody gets to clean up."""
    if process.poll() is None:
        parent = psutil.Process(process.pid)
        for member in [*parent.children(recursive=True), parent]:
            member.send_signal(signal.SIGKILL)
    process.wait()


def run_to_the_end(output, *more):
    with launched(output, *more) as process:
        assert process.wait(timeout=LIMIT_SECONDS) == 0


def wait_for_step(output, step):
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        if (output / "log.jsonl").exists() and len(read_log(output)) >= step:
            return
        time.sleep(0.02)
    pytest.fail(f"no log line of step {step} in time")


@pytest.mark.slow
@pytest.mark.timeout(3 * LIMIT_SECONDS)
def test_kill_9_then_resume_repeats_the_uninterrupted_run(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run_to_the_end(whole)

    with launched(broken, delay_milliseconds=300) as process:
        wait_for_step(broken, KILL_AFTER)
        kill_family(process)
    resumed_at = find_checkpoint(broken).step
    assert STEPS_PER_EPOCH < resumed_at <= len(read_log(broken)) < NUM_STEPS
    run_to_the_end(broken, "--resume")

    expected, found = read_log(whole), read_log(broken)
    assert [line["step"] for line in found] == list(range(1, NUM_STEPS + 1))
    for name in ("loss", "teacher_entropy", "prototype_entropy", "feature_std", "lr"):
        assert [line[name] for line in found] == [line[name] for line in expected], name
    one, other = find_checkpoint(whole), find_checkpoint(broken)
    for file in ("teacher.safetensors", "student.safetensors", "resume.safetensors"):
        tensors = other.tensors(file)
        for name, value in one.tensors(file).items():
            assert torch.equal(value, tensors[name]), (file, name)
