"""Epochs, log lines, checkpoints: everything around the training step."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from fastpass.common.progress import shown_progress
from fastpass.errors import BadPack
from fastpass.train.config import Config
from fastpass.train.data import TrainData
from fastpass.train.engine.ranks import Vote
from fastpass.train.methods.method import Outcome
from fastpass.train.snapshot import Snapshots
from fastpass.train.trainer import Trainer
from fastpass.train.watch.clock import DataClock
from fastpass.train.watch.collapse import CollapseMonitor
from fastpass.train.watch.log import RunLog


class TrainLoop:
    """Runs a trainer over a loader from any step to the end, or to a polite stop."""

    def __init__(
        self,
        config: Config,
        trainer: Trainer,
        data: TrainData,
        snapshots: Snapshots,
        *,
        log: RunLog | None,
        images_per_step: int,
    ) -> None:
        self._config = config
        self._trainer = trainer
        self._loader = data.loader
        self._snapshots = snapshots
        self._log = log  # rank 0 only
        self._steps_per_epoch = len(data.loader)
        self._clock = DataClock(images_per_step)
        self._vote = Vote()
        self._monitor = CollapseMonitor(
            config.monitor,
            trainer.method.diagnose,
            trainer.method.advice,
            round(config.monitor.grace_epochs * self._steps_per_epoch),
        )
        self._save_every = max(1, round(config.checkpoint.every_epochs * self._steps_per_epoch))
        self._should_stop = False
        self._is_stopped = False
        self._progress_text = "training"

    def run(self, first_step: int) -> int:
        """Train from ``first_step``; returns the number of steps done since the start of the run.

        Ends early, after a checkpoint, when SIGTERM or SIGINT (Ctrl-C) reaches any rank.
        Raises Collapsed as the monitor's policy says.
        """
        num_steps = self._trainer.num_steps
        step = saved_step = first_step
        with shown_progress(is_shown=self._log is not None) as on_progress:
            with self._signals():
                for step, batch in self._clock.timed(self._numbered_batches(first_step)):
                    outcome = self._trainer.train_step(batch.views, step)
                    step += 1
                    self._report(step, num_steps, outcome)
                    on_progress(self._progress_text, step, num_steps)
                    if self._vote.any(self._should_stop):
                        self._is_stopped = step < num_steps
                        break
                    if step % self._save_every == 0:
                        self._snapshots.save(step, self._loader.state_dict())
                        saved_step = step
                if not self._is_stopped:
                    step = num_steps
                if step > saved_step:
                    self._snapshots.save(step, self._loader.state_dict())
        return step

    def _numbered_batches(self, first_step: int) -> Iterator[tuple[int, Any]]:
        """(step, batch) to the end of the run.

        Every epoch begins at its own step: where damaged images cost it whole batches, their
        steps are left out, and schedules and restarts stay in time.
        """
        step = first_step
        for epoch in range(first_step // self._steps_per_epoch, self._config.train.epochs):
            first_of_epoch = epoch * self._steps_per_epoch
            step = max(step, first_of_epoch)
            self._loader.set_epoch(epoch)
            for batch in self._loader:
                yield step, batch
                step += 1
            if step == first_of_epoch:
                raise BadPack(f"epoch {epoch} has no batch: every image of it is damaged")

    def _report(self, step: int, num_steps: int, outcome: Outcome) -> None:
        if step % self._config.log.every_steps and step != num_steps:
            return
        method = self._trainer.method
        health = method.health(outcome)
        record = {
            "step": step,
            "epoch": step / self._steps_per_epoch,
            **method.schedule_values(step - 1),
            **health,
            **self._clock.read(),
        }
        if self._log is not None:
            self._log.write(record)
        speed = f"{record['images_per_second']:.0f} images/s"
        self._progress_text = f"training, loss {health['loss']:.4f}, {speed}"
        problem = self._monitor.check(step, health)
        if problem and self._log is not None:
            self._log.warn(step, problem)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT ask for a stop after the current step."""

        def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
            self._should_stop = True

        old = {n: signal.signal(n, ask_to_stop) for n in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)
