"""train.py on the fake loader under the real launchers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import torch

from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.watch.log import read_log

HERE = Path(__file__).parent
TINY = HERE / "tiny.toml"
LIMIT_SECONDS = 400  # a launch takes 25 s on two idle cores, and ten times as much on busy ones
VARYING = {"images_per_second", "data_wait"}  # fields of the log that no two runs share


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    """Of a launched run: without what another launcher may have left in ours."""
    foreign = ("RANK", "LOCAL_", "WORLD_SIZE", "MASTER_", "SLURM_", "OMPI_", "PMI_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    folder = Path(sys.executable).parent
    return {
        **kept,
        "PYTHONPATH": str(HERE.parents[1]),
        "DS_ACCELERATOR": "cpu",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        **more,
    }


def words(launcher: str, *arguments: Any) -> list[str]:
    """The command: "python" (one process), "torchrun" or "deepspeed" (two)."""
    starts = {
        "python": [sys.executable],
        "torchrun": [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
                     "--master-port", free_port()],
        "deepspeed": [Path(sys.executable).with_name("deepspeed"), "--num_accelerators", "2",
                      "--master_port", free_port()],
    }  # fmt: skip
    return [str(word) for word in [*starts[launcher], HERE / "fake_train.py", *arguments]]


@contextmanager
def launched(
    launcher: str, *arguments: Any, env: dict[str, str] | None = None, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """The launcher and all its descendants; none of them survives the block."""
    process = subprocess.Popen(
        words(launcher, *arguments), env=env or environment(), text=True, **options
    )
    family = Family(process.pid)
    try:
        yield process
    finally:
        family.kill()
        process.wait()


class Family:
    """A process and its descendants, orphans that were seen before included."""

    def __init__(self, pid: int) -> None:
        self._members = {pid: psutil.Process(pid)}

    def look(self) -> list[psutil.Process]:
        """All members that are alive."""
        for member in list(self._members.values()):
            try:
                self._members.update({p.pid: p for p in member.children(recursive=True)})
            except psutil.NoSuchProcess:
                continue
        return [p for p in self._members.values() if _is_alive(p)]

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory runs out: nobody gets to clean up."""
        for member in reversed(self.look()):
            try:
                member.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tiny(output: Path, *more: Any, milliseconds: int = 0, epochs: int = 1) -> list[Any]:
    """Arguments of a run of six steps per epoch and process; a step takes ``milliseconds``."""
    return ["--config", TINY, "--data", milliseconds, "--output", output,
            f"train.epochs={epochs}", "train.threads_per_rank=1", "checkpoint.keep=99",
            *more]  # fmt: skip


def as_srun(rank: int) -> dict[str, str]:
    """What srun tells process ``rank`` of two."""
    return {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_PROCID": str(rank),
            "SLURM_LOCALID": str(rank), "SLURM_NTASKS": "2", "SLURM_NODELIST": "here",
            "SLURM_NNODES": "1", "MASTER_PORT": ""}  # fmt: skip


def as_mpirun(rank: int) -> dict[str, str]:
    return {"OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": "2",
            "OMPI_COMM_WORLD_LOCAL_RANK": str(rank), "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
            "PMIX_NAMESPACE": "job7"}  # fmt: skip


def start(stack: ExitStack, *arguments: Any, **variables: str) -> subprocess.Popen[str]:
    """A process with ``variables`` in its environment, which ends with ``stack``."""
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return stack.enter_context(
        launched("python", *arguments, env=environment(**variables), **pipes)
    )


def run_ranks(
    as_launched: Callable[[int], dict[str, str]], *arguments: Sequence[Any]
) -> tuple[list[int], list[str]]:
    """Exit codes and standard error of two processes; ``arguments`` of both, or of each."""
    with ExitStack() as stack:
        ranks = [
            start(stack, *arguments[rank % len(arguments)], **as_launched(rank))
            for rank in range(2)
        ]
        errors = [process.communicate(timeout=LIMIT_SECONDS)[1] for process in ranks]
    return [process.returncode for process in ranks], errors


def run_to_the_end(launcher: str, *arguments: Any) -> None:
    with launched(launcher, *arguments) as process:
        assert process.wait(timeout=LIMIT_SECONDS) == 0


def run_whole_and_resumed(folder: Path, *arguments: Any, step: int) -> tuple[Path, Path]:
    """Two runs of two processes in ``folder``: one without a break, one that went on at ``step``.

    One launch for both, because a launch takes longer than its steps.
    """
    whole, resumed = folder / "whole", folder / "resumed"
    script = HERE / "whole_and_resumed.py"
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    words = [*start, script, whole, resumed, step, *arguments]
    subprocess.run(
        [str(word) for word in words], check=True, env=environment(), timeout=LIMIT_SECONDS
    )
    return whole, resumed


def back_to(step: int, whole: Path, copy: Path) -> None:
    """Make ``copy`` the run ``whole`` as it was when it had written its checkpoint of ``step``."""
    shutil.copytree(whole, copy)
    (copy / "checkpoints" / "latest").write_text(f"step-{step:08d}\n")


def assert_equal_runs(found: Path, expected: Path, files: Sequence[str]) -> None:
    """The same log, but for speeds, and the same tensors in ``files`` of the last checkpoint."""
    assert _digits(found) == _digits(expected)
    one, other = find_checkpoint(expected), find_checkpoint(found)
    for file in files:
        tensors = other.tensors(file)
        for name, value in one.tensors(file).items():
            assert torch.equal(value, tensors[name]), (file, name)


def _digits(run: Path) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in line.items() if name not in VARYING}
        for line in read_log(run)
    ]
