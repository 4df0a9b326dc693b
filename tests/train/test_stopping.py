"""Runs that are told to stop, or left alone: they end with a checkpoint and leave no process."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import launched
import pytest

from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.watch.log import read_log

TINY = Path(__file__).with_name("tiny.toml")
LIMIT = launched.LIMIT_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * LIMIT)]


def arguments(output, milliseconds):
    return ["--config", TINY, "--data", milliseconds, "--output", output, "train.epochs=40",
            "train.threads_per_rank=1", "checkpoint.every_epochs=30"]  # fmt: skip


def wait_until(condition, what):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come in time"
        time.sleep(0.1)


def has_begun(output):
    return (output / "log.jsonl").exists() and len(read_log(output)) >= 2


def test_sigterm_to_deepspeed_leaves_no_orphans(tmp_path):
    """Its runner dies at once; its processes see that, and end with a checkpoint."""
    with launched.launched("deepspeed", *arguments(tmp_path, 200)) as process:
        family = launched.Family(process.pid)
        wait_until(lambda: has_begun(tmp_path), "the first steps")
        assert len(family.look()) >= 4  # two launchers, two ranks
        process.terminate()
        assert process.wait(timeout=LIMIT) != 0
        wait_until(lambda: not family.look(), "the end of all processes")
    steps = [line["step"] for line in read_log(tmp_path)]
    assert find_checkpoint(tmp_path).step == steps[-1] < 240
    assert not (tmp_path / ".run.lock").exists()


def test_ctrl_c_under_deepspeed_says_that_the_end_is_still_to_come(tmp_path):
    """As a terminal does it: to the launchers and to all ranks at once."""
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "start_new_session": True}
    with launched.launched("deepspeed", *arguments(tmp_path, 200), **pipes) as process:
        family = launched.Family(process.pid)
        wait_until(lambda: has_begun(tmp_path), "the first steps")
        family.look()
        for member in family.look():
            member.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=LIMIT)[1]
        wait_until(lambda: not family.look(), "the end of all processes")
    assert "the prompt may come back before that is written" in errors
    assert "stopped early, with a checkpoint; --resume goes on from there" in errors
    assert find_checkpoint(tmp_path).step == read_log(tmp_path)[-1]["step"]


def test_a_run_whose_output_nobody_reads_any_more_still_saves(tmp_path):
    """``train.py 2>&1 | tee log`` after Ctrl-C: tee has gone first."""
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with launched.launched("python", *arguments(tmp_path, 50), **pipes) as process:
        wait_until(lambda: has_begun(tmp_path), "the first steps")
        process.stderr.close()
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=LIMIT) == 1
    assert find_checkpoint(tmp_path).step == read_log(tmp_path)[-1]["step"]
