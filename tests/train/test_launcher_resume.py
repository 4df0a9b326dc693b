"""The real launcher, two ranks: killed without warning in mid-epoch, then resumed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from launched import LIMIT_SECONDS, assert_equal_runs, launched, run_to_the_end

from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.watch.log import read_log

TINY = Path(__file__).with_name("tiny.toml")
STEPS_PER_EPOCH, NUM_STEPS = 6, 12
KILL_AFTER = 9  # in the second epoch; checkpoints come every second step


def arguments(output, *more, delay_milliseconds=0):
    return ["--config", TINY, "--data", delay_milliseconds, "--output", output, *more,
            "train.epochs=2", "train.threads_per_rank=1"]  # fmt: skip


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
    run_to_the_end("deepspeed", *arguments(whole))

    with launched("deepspeed", *arguments(broken, delay_milliseconds=300)):
        wait_for_step(broken, KILL_AFTER)
    resumed_at = find_checkpoint(broken).step
    assert STEPS_PER_EPOCH < resumed_at <= len(read_log(broken)) < NUM_STEPS
    run_to_the_end("deepspeed", *arguments(broken, "--resume"))

    assert [line["step"] for line in read_log(broken)] == list(range(1, NUM_STEPS + 1))
    files = ("teacher.safetensors", "student.safetensors", "resume.safetensors")
    assert_equal_runs(broken, whole, files)
