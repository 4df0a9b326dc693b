"""Epochs, log lines, checkpoints: everything around the training step."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from fastpass.common.progress import shown_progress
from fastpass.errors import BadPack, Collapsed
from fastpass.train.config import Config
from fastpass.train.data import TrainData
from fastpass.train.engine import ranks
from fastpass.train.engine.parent import LauncherWatch
from fastpass.train.methods.method import Outcome
from fastpass.train.snapshot import Snapshots
from fastpass.train.trainer import Trainer
from fastpass.train.watch.clock import DataClock
from fastpass.train.watch.collapse import CollapseMonitor
from fastpass.train.watch.log import RunLog

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
_GO_ON, _STOP, _BROKEN = 0, 1, 2


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
        launcher: LauncherWatch,
    ) -> None:
        self._config = config
        self._trainer = trainer
        self._loader = data.loader
        self._snapshots = snapshots
        self._log = log  # rank 0 only
        self._steps_per_epoch = len(data.loader)
        self._clock = DataClock(images_per_step)
        self._launcher = launcher
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

        Ends early, after a checkpoint, when a signal to stop (SIGTERM, SIGINT, SIGHUP, SIGUSR1)
        reaches any rank, and when the launcher has gone.
        Raises Collapsed: at once where a number is not finite, else as the monitor's policy says.
        """
        num_steps = self._trainer.num_steps
        step = saved_step = first_step
        with shown_progress(is_shown=self._log is not None) as on_progress:
            with self._signals():
                for step, batch in self._clock.timed(self._numbered_batches(first_step)):
                    outcome = self._trainer.train_step(batch.views, step)
                    step += 1
                    wish = self._agree(step, saved_step)
                    self._report(step, num_steps, outcome)
                    with suppress(OSError):  # nobody reads any more: no reason to end
                        on_progress(self._progress_text, step, num_steps)
                    if wish == _STOP:
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

    def _agree(self, step: int, saved_step: int) -> int:
        """What the ranks want after ``step`` together; raises Collapsed where one cannot go on."""
        problem = self._trainer.problem
        wants_to_stop = self._should_stop or self._launcher.is_gone()
        wish = ranks.highest(_BROKEN if problem else _STOP if wants_to_stop else _GO_ON)
        if wish == _BROKEN:
            problems = ranks.gather_objects(problem)
            where = next(rank for rank, problem in enumerate(problems) if problem)
            what = f"step {step}: {problems[where]} (rank {where} of {len(problems)})"
            if self._log is not None:
                self._log.write({"step": step, "problem": problems[where]})
            saved = f"the newest is of step {saved_step}" if saved_step else "there is none yet"
            ranks.raise_once(
                Collapsed(
                    f"training has broken down: {what}. Nothing of it is in a checkpoint: {saved}. "
                    f"Try {self._trainer.method.advice}"
                )
            )
        return wish

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
        problem = self._check(step, health)
        if problem and self._log is not None:
            self._log.warn(step, problem)

    def _check(self, step: int, health: dict[str, float]) -> str | None:
        """The monitor's word; its error comes from one rank."""
        try:
            return self._monitor.check(step, health)
        except Collapsed as error:
            ranks.raise_once(error)
            raise

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Let the signals to stop ask for an end after the current step."""

        def ask_to_stop(number: int, _frame: FrameType | None) -> None:
            if not self._should_stop and ranks.rank() == 0:
                self._say_so(signal.Signals(number).name)
            self._should_stop = True

        ignored = [n for n in SIGNALS if signal.getsignal(n) == signal.SIG_IGN]  # nohup
        old = {n: signal.signal(n, ask_to_stop) for n in SIGNALS if n not in ignored}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)

    def _say_so(self, name: str) -> None:
        text = f"{name}: this run ends after the current step, with a checkpoint"
        if self._launcher.returns_early:
            text += "; the prompt may come back before that is written, so wait for the last line"
        with suppress(OSError, RuntimeError):  # a signal in the middle of another print
            print(text, file=sys.stderr, flush=True)
