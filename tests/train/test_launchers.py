"""Processes started as srun, mpirun and users start them: one run of all, or a named error."""

from __future__ import annotations

import re
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import launched
import pytest

from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.watch.log import read_log

TINY = Path(__file__).with_name("tiny.toml")
LIMIT = launched.LIMIT_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * LIMIT)]


def arguments(output, *more, epochs=1):
    return ["--config", TINY, "--data", 0, "--output", output, f"train.epochs={epochs}",
            "train.threads_per_rank=1", *more]  # fmt: skip


def start(stack, output, *more, **variables):
    env = launched.environment(**variables)
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return stack.enter_context(
        launched.launched("python", *arguments(output), *more, env=env, **pipes)
    )


def as_srun(rank):
    return {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_PROCID": str(rank),
            "SLURM_LOCALID": str(rank), "SLURM_NTASKS": "2", "SLURM_NODELIST": "here",
            "SLURM_NNODES": "1", "MASTER_PORT": ""}  # fmt: skip


def as_mpirun(rank):
    return {"OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": "2",
            "OMPI_COMM_WORLD_LOCAL_RANK": str(rank), "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
            "PMIX_NAMESPACE": "job7"}  # fmt: skip


@pytest.mark.parametrize("as_launched", [as_srun, as_mpirun])
def test_two_processes_are_one_run(tmp_path, as_launched):
    with ExitStack() as stack:
        ranks = [start(stack, tmp_path, **as_launched(rank)) for rank in range(2)]
        errors = [process.communicate(timeout=LIMIT)[1] for process in ranks]
    assert [process.returncode for process in ranks] == [0, 0], errors
    assert find_checkpoint(tmp_path).state["world_size"] == 2
    assert [line["step"] for line in read_log(tmp_path)] == list(range(1, 7))  # 12 without


def test_two_runs_that_know_nothing_of_each_other_do_not_share_a_folder(tmp_path):
    with ExitStack() as stack:
        pair = [start(stack, tmp_path) for _ in range(2)]
        errors = [process.communicate(timeout=LIMIT)[1] for process in pair]
    codes = [process.returncode for process in pair]
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
            lost = start(stack, tmp_path / "a", RANK="0", WORLD_SIZE="2")
            busy = start(stack, tmp_path / "b", **alone, MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
            errors = [process.communicate(timeout=LIMIT)[1] for process in (lost, busy)]
    assert [lost.returncode, busy.returncode] == [1, 1]
    assert "LaunchFailed: RANK=0 is set, but not MASTER_ADDR and MASTER_PORT" in errors[0]
    assert f"LaunchFailed: rank 0 cannot listen at 127.0.0.1:{port}" in errors[1]
    assert "Traceback" not in "".join(errors)


def test_without_a_disk_in_common_nothing_is_begun(tmp_path):
    with ExitStack() as stack:
        ranks = [start(stack, tmp_path / str(rank), **as_mpirun(rank)) for rank in range(2)]
        errors = [process.communicate(timeout=LIMIT)[1] for process in ranks]
    assert [process.returncode for process in ranks] == [1, 1]
    assert "WriteFailed" in errors[1]
    assert "(rank 1) is not the folder that rank 0 has there" in errors[1]
    assert not own_lines(errors[0])
    assert not list(tmp_path.rglob("step-*"))


def own_lines(text):
    return [line for line in text.splitlines() if "train.py" in line or "Traceback" in line]


@pytest.mark.parametrize(
    ("data", "overrides", "code", "words"),
    [
        ("0", ["train.nope=1"], 2, "ConfigError: .*unknown key train.nope"),
        ("0", ["model.kwargs.patch_size=5"], 2, "ConfigError: model.name"),
        ("0:damaged", [], 1, "CorruptImage: image 7 is damaged"),
    ],
)
def test_one_process_says_what_is_wrong(tmp_path, data, overrides, code, words):
    with ExitStack() as stack:
        ranks = [
            start(stack, tmp_path, "--data", data, *overrides, **as_mpirun(rank))
            for rank in range(2)
        ]
        errors = [process.communicate(timeout=LIMIT)[1] for process in ranks]
    lines = own_lines("".join(errors))
    assert len(lines) == 1, errors
    assert re.search(words, lines[0])
    assert code in [process.returncode for process in ranks]
    assert 0 not in [process.returncode for process in ranks]
