"""Watching for collapse: deciding, line by line of the log, whether a run goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastpass.errors import Collapsed
from fastpass.train.config import MonitorConfig

Diagnose = Callable[[Mapping[str, float], MonitorConfig], str | None]


class CollapseMonitor:
    """Decides whether a run is healthy; ``check`` is called once per log line.

    ``diagnose`` and ``advice`` are the method's: what is wrong, and what to change then.
    """

    def __init__(
        self, config: MonitorConfig, diagnose: Diagnose, advice: str, grace_steps: int
    ) -> None:
        self._config = config
        self._diagnose = diagnose
        self._advice = advice
        self._grace_steps = grace_steps
        self._num_bad = 0

    def check(self, step: int, health: Mapping[str, float]) -> str | None:
        """None when healthy, else what is wrong.

        Raises Collapsed under policy "stop" after ``patience`` bad calls in a row. Nothing counts
        in the first steps.
        """
        if self._config.policy == "off" or step <= self._grace_steps:
            return None
        problem = self._diagnose(health, self._config)
        self._num_bad = self._num_bad + 1 if problem else 0
        if self._num_bad >= self._config.patience:
            self._stop(f"step {step}: {problem}, for {self._num_bad} log lines in a row")
        return problem

    def _stop(self, what: str) -> None:
        if self._config.policy == "stop":
            raise Collapsed(
                f"training has collapsed: {what}. Try {self._advice}, or set "
                'monitor.policy = "warn" to go on'
            )
