"""A whole training run, from the configuration to the last checkpoint."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import torch

from fastpass.common.files import write_file
from fastpass.common.processors import available_processors
from fastpass.errors import FastpassError, OtherProcessFailed
from fastpass.train.checkpoint import Checkpoint
from fastpass.train.config import Config
from fastpass.train.data import TrainData, open_data
from fastpass.train.engine import ranks
from fastpass.train.engine.deepspeed import start_processes
from fastpass.train.engine.parent import LauncherWatch
from fastpass.train.loop import TrainLoop
from fastpass.train.methods.method import RunFacts
from fastpass.train.methods.registry import find_method
from fastpass.train.run_folder import CONFIG_NAME, claim_outputs, opened_folder
from fastpass.train.snapshot import Snapshots
from fastpass.train.trainer import Trainer
from fastpass.train.watch.log import RunLog

OpenData = Callable[[Config, str, torch.device], TrainData]


def train(
    config: Config,
    data_pattern: str,
    output: str | Path,
    *,
    should_resume: bool = False,
    open_data: OpenData = open_data,
) -> bool:
    """Train as ``config`` says on the images of ``data_pattern``, writing into ``output``.

    To be called by every process of the run. Returns True when training reached its end, False
    when it stopped early because of a signal (``should_resume`` then goes on exactly, and starts
    from the beginning where nothing was saved yet).
    Raises BadArgument, BadCheckpoint, BadPack, Collapsed, ConfigError, FolderInUse, LaunchFailed,
    WriteFailed and what the loader raises: in one process, OtherProcessFailed in the others.
    """
    launcher = LauncherWatch()
    device = start_processes()
    _set_threads(config, device)
    output = Path(output)
    try:
        with opened_folder(output, should_resume=should_resume) as checkpoint:
            data = ranks.together(lambda: open_data(config, data_pattern, device))
            with closing(data.loader):
                return _train(config, data, output, checkpoint, device, launcher)
    except RuntimeError as error:
        if isinstance(error, FastpassError) or not ranks.is_connection_lost(error):
            raise
        raise OtherProcessFailed(
            f"rank {ranks.rank()} lost the connection to the other processes: some have ended"
        ) from error


def _train(
    config: Config,
    data: TrainData,
    output: Path,
    checkpoint: Checkpoint | None,
    device: torch.device,
    launcher: LauncherWatch,
) -> bool:
    trainer, images_per_step = make_trainer(config, data, device)
    snapshots = Snapshots(output, config, trainer, data)
    first_step = 0 if checkpoint is None else snapshots.restore(checkpoint)
    logs: list[RunLog] = []  # of rank 0

    def open_log() -> None:
        _write_config(output, config)
        logs.append(RunLog(output, first_step=first_step, has_tensorboard=config.log.tensorboard))

    ranks.on_first_rank(open_log)
    log = logs[0] if logs else None
    loop = TrainLoop(
        config, trainer, data, snapshots, log=log, images_per_step=images_per_step,
        launcher=launcher,
    )  # fmt: skip
    step = loop.run(first_step)
    if log is not None:
        log.close()
    trainer.engine.close()
    return step == trainer.num_steps


def make_trainer(config: Config, data: TrainData, device: torch.device) -> tuple[Trainer, int]:
    """The trainer at step 0, and the number of images in a step of all ranks."""
    images_per_step = config.data.batch_size * ranks.world_size()
    facts = RunFacts(
        steps_per_epoch=len(data.loader),
        images_per_step=images_per_step,
        view_kinds=data.view_kinds,
        view_sizes=data.view_sizes,
        device=device,
    )
    method = ranks.together(lambda: find_method(config.method.name)(config, facts))
    num_steps = config.train.epochs * facts.steps_per_epoch
    return Trainer(config, method, num_steps=num_steps, device=device), images_per_step


def _set_threads(config: Config, device: torch.device) -> None:
    """Share the cores between the processes of this machine, or they fight over them."""
    if device.type == "cpu":
        cores = available_processors()
        default = max(1, cores // int(os.environ["LOCAL_WORLD_SIZE"]))
        torch.set_num_threads(config.train.threads_per_rank or default)


def _write_config(output: Path, config: Config) -> None:
    """Leave the complete configuration, defaults included, beside the log."""
    claim_outputs(output)
    text = json.dumps(config.model_dump(mode="json"), indent=1)
    write_file(output / CONFIG_NAME, text + "\n")
