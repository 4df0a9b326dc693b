"""Which process this is, as launchers say it in the environment."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from fastpass.errors import LaunchFailed
from fastpass.train.engine import launch
from fastpass.train.engine.launch import find_place, first_host

TORCHRUN = {
    "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "node1", "MASTER_PORT": "29500",
}  # fmt: skip
OPEN_MPI = {
    "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "2", "PMIX_NAMESPACE": "prterun-node-77@1", "PMIX_RANK": "1",
}  # fmt: skip
HYDRA = {"PMI_RANK": "2", "PMI_SIZE": "3", "MPI_LOCALRANKID": "2", "MPI_LOCALNRANKS": "3"}
BATCH_JOB = {"SLURM_JOB_ID": "42", "SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_LOCALID": "0"}
SRUN = {
    "SLURM_JOB_ID": "42", "SLURM_STEP_ID": "1", "SLURM_PROCID": "5", "SLURM_LOCALID": "1",
    "SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "7", "SLURM_STEP_NUM_NODES": "4",
    "SLURM_NODEID": "2", "SLURM_STEP_TASKS_PER_NODE": "2(x3),1",
    "SLURM_STEP_NODELIST": "gpu[07-09,12],big", "SLURM_JOB_NODELIST": "gpu[01-30]",
}  # fmt: skip


def place(*environments, **more):
    found = find_place({key: value for env in environments for key, value in env.items()} | more)
    return found.rank, found.world_size, found.local_rank, found.local_world_size


def test_nobody_launched_is_a_run_of_one():
    assert place({}) == (0, 1, 0, 1)
    assert place({"SLURM_NTASKS": "4", "WORLD_SIZE": "4"}) == (0, 1, 0, 1)  # a shell in a job


def test_torchrun_and_deepspeed():
    assert place(TORCHRUN) == (3, 4, 1, 2)
    deepspeed = {key: value for key, value in TORCHRUN.items() if key != "LOCAL_WORLD_SIZE"}
    assert place(deepspeed, LOCAL_SIZE="2") == (3, 4, 1, 2)
    found = find_place(TORCHRUN)
    assert (found.master_addr, found.master_port) == ("node1", 29500)


def test_they_go_before_the_scheduler_that_runs_them():
    assert place(SRUN, OPEN_MPI, HYDRA, TORCHRUN) == (3, 4, 1, 2)
    assert place(BATCH_JOB, OPEN_MPI) == (1, 2, 1, 2)
    assert place(BATCH_JOB, HYDRA) == (2, 3, 2, 3)


def test_mpirun():
    found = find_place(OPEN_MPI)
    assert place(OPEN_MPI) == (1, 2, 1, 2)
    assert found.master_addr == "127.0.0.1"
    assert found.master_port == find_place(OPEN_MPI | {"OMPI_COMM_WORLD_RANK": "0"}).master_port
    assert place({"PMI_RANK": "1", "PMI_SIZE": "2"}) == (1, 2, 1, 2)


def test_mpirun_over_machines_needs_an_address():
    over_two = OPEN_MPI | {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"}
    with pytest.raises(LaunchFailed, match="runs 4 processes, 2 of them here: set MASTER_ADDR"):
        find_place(over_two)
    assert find_place(over_two | {"MASTER_ADDR": "node1"}).master_addr == "node1"


def test_srun():
    found = find_place(SRUN)
    assert place(SRUN) == (5, 7, 1, 2)
    assert found.master_addr == "gpu07"
    others = [find_place(SRUN | {"SLURM_PROCID": str(rank)}) for rank in range(7)]
    assert {(other.master_addr, other.master_port) for other in others} == {
        (found.master_addr, found.master_port)
    }
    next_step = find_place(SRUN | {"SLURM_STEP_ID": "2"})
    assert next_step.master_port != found.master_port
    assert find_place(SRUN | {"MASTER_ADDR": "a", "MASTER_PORT": "5"}).master_port == 5


def test_srun_with_what_little_a_test_or_an_old_version_sets():
    little = {"SLURM_PROCID": "1", "SLURM_NTASKS": "2", "SLURM_LOCALID": "1", "SLURM_STEPID": "0"}
    assert place(little) == (1, 2, 1, 2)


def test_a_batch_script_without_srun_is_a_run_of_one():
    """It is process 0 of a job of four tasks, but nobody starts the other three."""
    job = {"SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "4", "SLURM_LOCALID": "0"}
    assert place(job, SLURM_TASKS_PER_NODE="4") == (0, 1, 0, 1)


@pytest.mark.parametrize(
    ("nodes", "host"),
    [
        ("node1", "node1"),
        ("node1,node2", "node1"),
        ("node[08-11,20],login", "node08"),
        ("n[3,5]", "n3"),
        ("rack[1-2]-gpu", "rack1-gpu"),
    ],
)
def test_the_first_host_of_slurms_short_form(nodes, host):
    assert first_host(nodes) == host


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"RANK": "0", "WORLD_SIZE": "2"}, "not MASTER_ADDR and MASTER_PORT"),
        ({"RANK": "0"}, "but not WORLD_SIZE, MASTER_ADDR and MASTER_PORT: set all"),
        ({"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "a"}, "but not MASTER_PORT: set all"),
        (TORCHRUN | {"RANK": "4"}, "process 4 of 4"),
        (TORCHRUN | {"RANK": "first"}, "RANK='first'"),
        (TORCHRUN | {"RANK": "-1"}, "RANK='-1', wanted a whole number from 0"),
        (TORCHRUN | {"WORLD_SIZE": "0", "RANK": "0"}, "process 0 of 0"),
        (TORCHRUN | {"MASTER_PORT": "99999"}, "MASTER_PORT='99999', wanted a port, 1 to 65535"),
        (TORCHRUN | {"MASTER_PORT": "-5"}, "MASTER_PORT='-5', wanted a port, 1 to 65535"),
        (TORCHRUN | {"MASTER_PORT": "0"}, "MASTER_PORT='0', wanted a port, 1 to 65535"),
        (SRUN | {"MASTER_PORT": "http"}, "MASTER_PORT='http', wanted a port, 1 to 65535"),
        ({"OMPI_COMM_WORLD_RANK": "0"}, "lacks OMPI_COMM_WORLD_SIZE"),
        (SRUN | {"SLURM_STEP_NODELIST": ""} | {"SLURM_JOB_NODELIST": ""}, "names no host"),
    ],
)
def test_what_is_missing_or_wrong_is_named(environment, words):
    with pytest.raises(LaunchFailed, match=words):
        find_place(environment)


@pytest.mark.parametrize("address", ["rank0.invalid", "", "a" * 64])
def test_an_address_that_nobody_knows_is_named_at_once(address, monkeypatch):
    monkeypatch.setattr(launch, "SECONDS_TO_RESOLVE", 0.5)
    found = replace(find_place(TORCHRUN), master_addr=address or "..")
    with pytest.raises(
        LaunchFailed, match="the address of rank 0, .* cannot be found .*MASTER_ADDR"
    ):
        found.require_address()
    find_place({}).require_address()


def test_a_name_that_is_known_a_little_later_will_do(monkeypatch):
    """Machines that have just been started are not yet in every name server."""
    answers = iter([socket.gaierror(socket.EAI_NONAME, "unknown"), None])

    def look_up(*_args, **_options):
        if error := next(answers):
            raise error

    monkeypatch.setattr(launch.socket, "getaddrinfo", look_up)
    find_place(TORCHRUN).require_address()
    assert list(answers) == []


def test_every_process_has_a_gpu_of_its_own():
    assert find_place(TORCHRUN).gpu_index(8) == 1
    assert find_place(SRUN).gpu_index(1) == 0  # srun --gpus-per-task=1 hides the others
    for place_of_two, num_gpus in ((TORCHRUN, 1), (SRUN | {"SLURM_LOCALID": "2"}, 2)):
        with pytest.raises(LaunchFailed, match=f"which has {num_gpus} GPUs?: start one process"):
            find_place(place_of_two).gpu_index(num_gpus)
