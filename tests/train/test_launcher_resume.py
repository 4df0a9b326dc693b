"""The real launcher, two ranks: killed without warning in mid-epoch, then resumed."""

from __future__ import annotations

import time

import pytest
from launched import LIMIT_SECONDS, assert_equal_runs, launched, run_to_the_end, tiny

from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.watch.log import read_log

STEPS_PER_EPOCH, NUM_STEPS = 6, 12
KILL_AFTER = 9  # in the second epoch; checkpoints come every second step


def wait_for_step(output, step):
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        if (output / "log.jsonl").exists() and len(read_log(output)) >= step:
            return
        time.sleep(0.02)
    pytest.fail(f"no log line of step {step} in time")


@pytest.mark.slow
@pytest.mark.timeout(3 * LIMIT_SECONDS)
def test_kill_9_then_resume_repeats_the_uninterrupted_run(whole_run, tmp_path):
    with launched("deepspeed", *tiny(tmp_path, milliseconds=300, epochs=2)):
        wait_for_step(tmp_path, KILL_AFTER)
    resumed_at = find_checkpoint(tmp_path).step
    assert STEPS_PER_EPOCH < resumed_at <= len(read_log(tmp_path)) < NUM_STEPS
    run_to_the_end("deepspeed", *tiny(tmp_path, "--resume", epochs=2))

    assert [line["step"] for line in read_log(tmp_path)] == list(range(1, NUM_STEPS + 1))
    files = ("teacher.safetensors", "student.safetensors", "resume.safetensors")
    assert_equal_runs(tmp_path, whole_run, files)
