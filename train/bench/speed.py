"""How fast a learner learns: whole iterations, each a rollout and its update, over a stretch of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from ..stopping import Stopped
from .measure import Row

FOREVER = 10**12  # samples
LEAST = 2  # iterations that are measured, however long they take
WARM_SECONDS = 2.0  # at most, before the first of them; one iteration at least


class Pace(BaseCallback):
    """Times iterations once the learner has warmed up, and leaves `learn` when `seconds` have passed.

    `split` tells the seconds so far in each part. `figures` holds `samples_per_second`, `updates_per_1000_samples` (steps of
    the optimiser) and the share of each part; what they leave over is `other`.
    """

    def __init__(self, seconds: float, split: Callable[[], dict[str, float]]) -> None:
        super().__init__()
        self._seconds, self._split = seconds, split
        self._iterations = self._updates = 0
        self._start: tuple[float, int, int, dict[str, float]] | None = None
        self.figures: Row = {}

    def time(self, model: BaseAlgorithm) -> None:
        """Lets a model learn until the figures stand."""
        model.policy.optimizer.register_step_post_hook(self._count)
        self._begun = time.perf_counter()
        with suppress(Stopped):
            model.learn(FOREVER, self, log_interval=None)  # type: ignore[arg-type]  # None: nothing is logged

    def _count(self, *_: Any) -> None:
        self._updates += 1

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        now = _now(self.model.device)
        if self._start is None:
            warm = now - self._begun >= min(WARM_SECONDS, self._seconds / 2)
            if self._updates and warm:
                self._start = (now, self.model.num_timesteps, self._updates, self._split())
            return
        self._iterations += 1
        if now - self._start[0] >= self._seconds and self._iterations >= LEAST:
            self._conclude(now)
            raise Stopped

    def _conclude(self, now: float) -> None:
        assert self._start is not None
        began, samples, updates, before = self._start
        seconds, done = now - began, self.model.num_timesteps - samples
        shares = {part: (total - before[part]) / seconds for part, total in self._split().items()}
        self.figures = {
            "samples_per_second": done / seconds,
            "updates_per_1000_samples": 1000 * (self._updates - updates) / done,
            **shares,
            "other": 1 - sum(shares.values()),
            "seconds": seconds,
            "samples": done,
        }


def _now(device: torch.device) -> float:
    """The time when the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()
