"""Processes started as srun, mpirun and users start them: one run of all, or a named error."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack

import launched
import pytest
from launched import as_mpirun, run_ranks, start, tiny

from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.watch.log import read_log

LIMIT = launched.LIMIT_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * LIMIT)]


def test_two_processes_of_srun_are_one_run(whole_run):
    assert find_checkpoint(whole_run).state["world_size"] == 2
    assert [line["step"] for line in read_log(whole_run)] == list(range(1, 13))  # 24 if alone


def test_mpirun_goes_on_with_a_run_of_srun(whole_run, tmp_path):
    output = tmp_path / "run"
    launched.back_to(6, whole_run, output)
    codes, errors = run_ranks(as_mpirun, tiny(output, "--resume", epochs=2))
    assert codes == [0, 0], errors
    launched.assert_equal_runs(output, whole_run, ["teacher.safetensors", "resume.safetensors"])


def test_two_runs_that_know_nothing_of_each_other_do_not_share_a_folder(tmp_path):
    codes, errors = run_ranks(lambda _rank: {}, tiny(tmp_path))
    assert sorted(codes) == [0, 1], errors
    assert find_checkpoint(tmp_path).state["world_size"] == 1
    loser = errors[codes.index(1)]
    assert "FolderInUse" in loser or "already holds a run" in loser
    assert "Traceback" not in loser


def test_a_rank_without_an_address_and_a_busy_port_are_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        alone = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"}
        with ExitStack() as stack:
            started = [
                start(stack, *tiny(tmp_path / "a"), RANK="0", WORLD_SIZE="2"),
                start(stack, *tiny(tmp_path / "b"), **alone, MASTER_ADDR="127.0.0.1",
                      MASTER_PORT=port),
                start(stack, *tiny(tmp_path / "c"), **alone, MASTER_ADDR="rank0.invalid",
                      MASTER_PORT="5000"),
            ]  # fmt: skip
            errors = [process.communicate(timeout=LIMIT)[1] for process in started]
    assert [process.returncode for process in started] == [1, 1, 1]
    assert "LaunchFailed: RANK=0 is set, but not MASTER_ADDR and MASTER_PORT" in errors[0]
    assert f"LaunchFailed: rank 0 cannot listen at 127.0.0.1:{port}" in errors[1]
    assert "LaunchFailed: the environment: the address of rank 0, 'rank0.invalid'" in errors[2]
    assert "Traceback" not in "".join(errors)


def test_without_a_disk_in_common_nothing_is_begun(tmp_path):
    codes, errors = run_ranks(as_mpirun, tiny(tmp_path / "0"), tiny(tmp_path / "1"))
    assert codes == [1, 1]
    assert "WriteFailed" in errors[1]
    assert "(rank 1) is not the folder that rank 0 has there" in errors[1]
    assert not own_lines(errors[0])
    assert not list(tmp_path.rglob("step-*"))


def own_lines(text):
    return [line for line in text.splitlines() if "train.py" in line or "Traceback" in line]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train.nope=1"], 2, "ConfigError: .*unknown key train.nope"),
        (["--data", "0:damaged"], 1, "CorruptImage: image 7 is damaged"),
    ],
)
def test_one_process_says_what_is_wrong(tmp_path, arguments, code, words):
    codes, errors = run_ranks(as_mpirun, tiny(tmp_path, *arguments))
    lines = own_lines("".join(errors))
    assert len(lines) == 1, errors
    assert re.search(words, lines[0])
    assert code in codes
    assert 0 not in codes
