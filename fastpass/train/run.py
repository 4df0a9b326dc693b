"""A whole training run, from the configuration to the last checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch

from fastpass.common.files import write_file
from fastpass.common.outputs import record_outputs, refuse_foreign
from fastpass.common.processors import available_processors
from fastpass.errors import BadArgument
from fastpass.train.checkpoint import find_checkpoint, has_checkpoint
from fastpass.train.config import Config
from fastpass.train.data import TrainData, open_data
from fastpass.train.engine import ranks
from fastpass.train.engine.deepspeed import start_processes
from fastpass.train.loop import TrainLoop
from fastpass.train.methods.method import RunFacts
from fastpass.train.methods.registry import find_method
from fastpass.train.snapshot import Snapshots
from fastpass.train.trainer import Trainer
from fastpass.train.watch.log import RunLog

OUTPUTS = ("config.json", "log.jsonl", "tensorboard", "checkpoints")  # in the folder of a run
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
    when it stopped early because of SIGTERM or Ctrl-C (``should_resume`` then goes on exactly).
    Raises BadCheckpoint, BadPack, Collapsed, ConfigError, WriteFailed and what the loader raises.
    """
    output = Path(output)
    checkpoint = find_checkpoint(output) if should_resume else None
    if checkpoint is None and has_checkpoint(output):
        raise BadArgument(f"{output} already holds a run: add --resume or choose another --output")
    if checkpoint is None:
        refuse_foreign(output, OUTPUTS)
    device = start_processes()
    _set_threads(config, device)
    data = open_data(config, data_pattern, device)
    try:
        trainer, images_per_step = make_trainer(config, data, device)
        snapshots = Snapshots(output, config, trainer, data)
        first_step = snapshots.restore(checkpoint) if checkpoint is not None else 0
        log = None
        if ranks.rank() == 0:
            _write_config(output, config)
            log = RunLog(output, first_step=first_step, has_tensorboard=config.log.tensorboard)
        loop = TrainLoop(config, trainer, data, snapshots, log=log, images_per_step=images_per_step)
        step = loop.run(first_step)
        if log is not None:
            log.close()
        trainer.engine.close()
    finally:
        data.loader.close()
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
    method = find_method(config.method.name)(config, facts)
    num_steps = config.train.epochs * facts.steps_per_epoch
    return Trainer(config, method, num_steps=num_steps, device=device), images_per_step


def _set_threads(config: Config, device: torch.device) -> None:
    """Share the cores between the processes of this machine, or they fight over them."""
    if device.type == "cpu":
        cores = available_processors()
        default = max(1, cores // ranks.local_world_size())
        torch.set_num_threads(config.train.threads_per_rank or default)


def _write_config(output: Path, config: Config) -> None:
    """Leave the complete configuration, defaults included, beside the log."""
    record_outputs(output, OUTPUTS, are_written=False)
    text = json.dumps(config.model_dump(mode="json"), indent=1)
    write_file(output / "config.json", text + "\n")
