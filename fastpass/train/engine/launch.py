"""Which process of a run this is: what a launcher says of it in the environment.

``torchrun`` and ``deepspeed`` set RANK and its companions. ``mpirun`` (Open MPI, MPICH, Intel MPI)
and ``srun`` have names of their own. A process that nobody launched is a run of one.
"""

from __future__ import annotations

import os
import re
import socket
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from fastpass.errors import LaunchFailed

LOOPBACK = "127.0.0.1"
_VARIABLES = "the environment"  # as a launcher: torchrun, deepspeed, or variables set by hand
FIRST_PORT, NUM_PORTS = 20_000, 12_000  # below the ports that systems give out themselves
SECONDS_TO_RESOLVE = 10.0


@dataclass(frozen=True)
class Place:
    """This process among those of its run."""

    launcher: str
    rank: int
    world_size: int
    local_rank: int  # on this machine
    local_world_size: int
    master_addr: str  # where rank 0 listens
    master_port: int

    def gpu_index(self, num_gpus: int) -> int:
        """Which of the ``num_gpus`` that this process sees is its own.

        srun and mpirun may show every process a GPU of its own alone: that is the first.
        Raises LaunchFailed where there are more processes than GPUs.
        """
        if num_gpus == 1 and self.launcher != _VARIABLES:
            return 0
        if self.local_rank >= num_gpus:
            raise LaunchFailed(
                f"{self.launcher} says that this is process {self.local_rank} of "
                f"{self.local_world_size} on {socket.gethostname()}, which has {num_gpus} GPU"
                f"{'s' if num_gpus > 1 else ''}: start one process for each GPU"
            )
        return self.local_rank

    def require_address(self) -> None:
        """Look up the machine of rank 0, which torch would try to reach for minutes in silence.

        Names of machines that have just been started may take some seconds to be known.
        Raises LaunchFailed.
        """
        deadline = time.monotonic() + SECONDS_TO_RESOLVE
        while True:
            try:
                socket.getaddrinfo(self.master_addr, self.master_port, type=socket.SOCK_STREAM)
                return
            except (OSError, UnicodeError) as error:
                if time.monotonic() > deadline or isinstance(error, UnicodeError):
                    reason = getattr(error, "strerror", None) or error
                    raise LaunchFailed(
                        f"{self.launcher}: the address of rank 0, {self.master_addr!r}, cannot be "
                        f"found from {socket.gethostname()} ({reason}): set MASTER_ADDR to a name "
                        "or an IP address of that machine that all others know"
                    ) from error
            time.sleep(1.0)

    def export(self) -> None:
        """Say it in the variables that torch, DeepSpeed and the loader read."""
        values = {
            "RANK": self.rank,
            "WORLD_SIZE": self.world_size,
            "LOCAL_RANK": self.local_rank,
            "LOCAL_WORLD_SIZE": self.local_world_size,
            "LOCAL_SIZE": self.local_world_size,
            "MASTER_ADDR": self.master_addr,
            "MASTER_PORT": self.master_port,
        }
        os.environ.update({name: str(value) for name, value in values.items()})


def find_place(environment: Mapping[str, str] | None = None) -> Place:
    """Ask the environment, the innermost launcher first.

    Raises LaunchFailed naming the variable that is missing or makes no sense.
    """
    env = _Environment(os.environ if environment is None else environment)
    if "RANK" in env:
        return _from_rank(env)
    if "OMPI_COMM_WORLD_RANK" in env:
        return _from_mpirun(
            env,
            "mpirun (Open MPI)",
            rank=env.integer("OMPI_COMM_WORLD_RANK"),
            world_size=env.integer("OMPI_COMM_WORLD_SIZE"),
            local_rank=env.integer("OMPI_COMM_WORLD_LOCAL_RANK"),
            local_world_size=env.integer("OMPI_COMM_WORLD_LOCAL_SIZE", 0),
        )
    # srun sets PMI_RANK too, but not MPI_LOCALRANKID; a batch job sets SLURM_PROCID for mpirun.
    if "PMI_RANK" in env and ("MPI_LOCALRANKID" in env or "SLURM_PROCID" not in env):
        return _from_mpirun(
            env,
            "mpirun (PMI)",
            rank=env.integer("PMI_RANK"),
            world_size=env.integer("PMI_SIZE"),
            local_rank=env.integer("MPI_LOCALRANKID", env.integer("PMI_RANK")),
            local_world_size=env.integer("MPI_LOCALNRANKS", 0),
        )
    # A batch script is process 0 of its job, too, but of no step: nobody starts the others.
    if "SLURM_PROCID" in env and env.text("SLURM_STEP_ID", "SLURM_STEPID"):
        return _from_srun(env)
    return Place("python", 0, 1, 0, 1, LOOPBACK, _free_port())


class _Environment:
    """Variables as numbers, refused by name."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __contains__(self, name: str) -> bool:
        return bool(self._variables.get(name))

    def text(self, *names: str) -> str:
        """The first of ``names`` that is set, else an empty string."""
        return next((self._variables[name] for name in names if name in self), "")

    def integer(self, name: str, default: int | None = None) -> int:
        text = self._variables.get(name) or ("" if default is None else str(default))
        if not text:
            raise LaunchFailed(
                f"the environment lacks {name}: start training with torchrun, deepspeed, srun or "
                "mpirun, or set RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT"
            )
        wanted = "a port, 1 to 65535" if name == "MASTER_PORT" else "a whole number from 0"
        if not (text.isascii() and text.isdecimal()) or len(text) > 9:
            raise LaunchFailed(f"the environment says {name}={text!r}, wanted {wanted}")
        if name == "MASTER_PORT" and not 0 < int(text) < 2**16:
            raise LaunchFailed(f"the environment says {name}={text!r}, wanted {wanted}")
        return int(text)

    def port(self, job: str, world_size: int) -> int:
        """MASTER_PORT, else one that follows from the job: the same for all of its processes."""
        if "MASTER_PORT" not in self and world_size == 1:
            return _free_port()
        return self.integer("MASTER_PORT", FIRST_PORT + zlib.crc32(job.encode()) % NUM_PORTS)


def _checked(place: Place) -> Place:
    if not place.rank < place.world_size:
        raise LaunchFailed(
            f"{place.launcher} says that this is process {place.rank} of {place.world_size}: "
            "ranks count from 0"
        )
    return place


def _listed(names: list[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _from_rank(env: _Environment) -> Place:
    """torchrun, deepspeed, or variables set by hand."""
    names = ("WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    missing = [name for name in names if name not in env]
    if missing:
        raise LaunchFailed(
            f"RANK={env.text('RANK')} is set, but not {_listed(missing)}: set all of RANK, "
            "WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT, or none and use a launcher"
        )
    world_size = env.integer("WORLD_SIZE")
    # torchrun and DeepSpeed name the number of processes on a machine differently.
    local = "LOCAL_WORLD_SIZE" if "LOCAL_WORLD_SIZE" in env else "LOCAL_SIZE"
    return _checked(
        Place(
            launcher=_VARIABLES,
            rank=env.integer("RANK"),
            world_size=world_size,
            local_rank=env.integer("LOCAL_RANK", 0),
            local_world_size=max(1, env.integer(local, 1)),
            master_addr=env.text("MASTER_ADDR"),
            master_port=env.integer("MASTER_PORT"),
        )
    )


def _from_mpirun(
    env: _Environment,
    launcher: str,
    *,
    rank: int,
    world_size: int,
    local_rank: int,
    local_world_size: int,  # 0: not said, then all processes are here
) -> Place:
    master = env.text("MASTER_ADDR")
    if not master and local_world_size not in (0, world_size):
        raise LaunchFailed(
            f"{launcher} runs {world_size} processes, {local_world_size} of them here: set "
            "MASTER_ADDR to the host of rank 0 (for example mpirun -x MASTER_ADDR=HOST ...)"
        )
    job = env.text("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "PMI_JOBID", "PMI_PORT")
    return _checked(
        Place(
            launcher=launcher,
            rank=rank,
            world_size=world_size,
            local_rank=local_rank,
            local_world_size=local_world_size or world_size,
            master_addr=master or LOOPBACK,
            master_port=env.port(job, world_size),
        )
    )


def _from_srun(env: _Environment) -> Place:
    # SLURM_NTASKS may be of the whole job; srun's own count is that of its step.
    count = "SLURM_STEP_NUM_TASKS" if "SLURM_STEP_NUM_TASKS" in env else "SLURM_NTASKS"
    world_size = env.integer(count, 1)
    nodes = env.text("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST")
    num_nodes = env.integer(
        "SLURM_STEP_NUM_NODES", env.integer("SLURM_JOB_NUM_NODES", env.integer("SLURM_NNODES", 1))
    )
    local_rank = env.integer("SLURM_LOCALID", 0)
    tasks = _tasks_per_node(env.text("SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"))
    node = env.integer("SLURM_NODEID", 0)
    local_world_size = tasks[node] if node < len(tasks) else -(-world_size // num_nodes)
    job = f"{env.text('SLURM_JOB_ID', 'SLURM_JOBID')}.{env.text('SLURM_STEP_ID', 'SLURM_STEPID')}"
    return _checked(
        Place(
            launcher="srun",
            rank=env.integer("SLURM_PROCID"),
            world_size=world_size,
            local_rank=local_rank,
            local_world_size=max(local_world_size, local_rank + 1),
            master_addr=env.text("MASTER_ADDR")
            or (LOOPBACK if num_nodes == 1 else first_host(nodes)),
            master_port=env.port(job, world_size),
        )
    )


def first_host(node_list: str) -> str:
    """The first name in SLURM's short form: ``node[08-11,20],login`` -> ``node08``."""
    found = re.match(r"([^\[,]+)(?:\[([^\],-]+)[^\]]*\]([^,\[]*))?", node_list)
    if not found:
        raise LaunchFailed(
            f"SLURM_JOB_NODELIST={node_list!r} names no host: set MASTER_ADDR to that of rank 0"
        )
    before, number, after = found.groups(default="")
    return before + number + after


def _tasks_per_node(text: str) -> list[int]:
    """SLURM's short form: ``2(x3),1`` -> [2, 2, 2, 1]; empty where it is another."""
    counts: list[int] = []
    for part in filter(None, text.split(",")):
        found = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part)
        if not found:
            return []
        counts += [int(found[1])] * int(found[2] or 1)
    return counts


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
