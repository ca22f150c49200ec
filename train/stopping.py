"""How a run ends before its samples are used up: by the clock, or because somebody asks."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from .models import Budget


class Stopped(Exception):
    """Leaves `learn` between an update and the next rollout, where a run can be resumed exactly."""


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets, so that the run ends in order; a second Ctrl-C interrupts at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked  # signals belong to the main thread
        return

    def ask(number: int, _frame: Any) -> None:
        if asked.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not asked.is_set():
            os.write(
                2, b"\nnpckit: ending after this update; Ctrl-C once more ends at once\n"
            )  # print must not be used in here
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stopping(BaseCallback):
    """Ends learning at once when the clock says so, and after the update that is under way when somebody has asked, or at a pause.

    The samples of a rollout that is cut short teach nothing; an interrupted run waits, because it may be resumed.
    """

    def __init__(self, budget: Budget, asked: threading.Event) -> None:
        super().__init__()
        self._budget, self._asked = budget, asked
        self.until: int | None = None  # samples at which it pauses, if anywhere

    def _on_step(self) -> bool:
        return self._budget.remaining > 0

    def _on_rollout_start(self) -> None:
        if self._asked.is_set() or (self.until is not None and self.model.num_timesteps >= self.until):
            raise Stopped
