"""The curves of a run: what the learner records, what happens in the games, where the time goes, and memory.

docs/tensorboard.md explains every one of them; a test holds the two together.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from ..games.contract import Game
from .charts import add_counts, writer_of
from .config import TrainConfig
from .gathering import Happenings, Means
from .models import Budget
from .progress import Display, Status
from .usage import gpu_mb, resident_mb

LOG_SECONDS = 1.0  # between points of the curves, at least
SHOW_SECONDS = 0.1  # between looks at the status, at least: some learners update a thousand times a second
PARTS = ("simulate", "infer", "learn")  # of the time of a learner that keeps a `split`


class Metrics(BaseCallback):
    """Keeps the status, shows it, and writes a point of every curve about once a second.

    It works before an update's samples are collected, when what the learner recorded belongs to the samples counted so far.
    """

    def __init__(self, config: TrainConfig, game: Game, budget: Budget, status: Status, display: Display) -> None:
        super().__init__()
        self._config, self._game, self._budget, self._status, self._display = config, game, budget, status, display
        self.paused = 0.0  # seconds spent on anything but learning
        self._means = Means()
        self._happenings = Happenings(len(game.spec.actions_of(config.role)), len(game.spec.events))
        self._logged = self._shown = 0.0

    def _on_training_start(self) -> None:
        self._begin_stretch()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if not self.model.num_timesteps:
            return
        self._harvest()
        now = time.monotonic()
        if now - self._shown >= SHOW_SECONDS:
            self._shown = now
            self._look()
            self._display.show(self._status)
        if now - self._logged >= LOG_SECONDS and self.model.num_timesteps > self._stretch[0]:
            self.log()

    def log(self) -> None:
        """Writes a point of every curve, and whatever else has been recorded."""
        self._logged = time.monotonic()
        self._harvest()
        self._look()
        self._happenings.draw(self.model)
        for values in (self._means.take(), self._rollout(), self._happened(), self._time()):
            for name, value in values.items():
                self.logger.record(name, value)
        self._happenings.clear()
        self._begin_stretch()
        self.logger.dump(self.model.num_timesteps)

    def state(self) -> dict[str, Any]:
        """What has been gathered since the last point, and the pauses: plain numbers, for a checkpoint."""
        self._harvest()
        self._happenings.draw(self.model)
        return {"paused": self.paused, "means": self._means.state(), "happenings": self._happenings.state()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.paused = state["paused"]
        self._means.set_state(state["means"])
        self._happenings.set_state(state["happenings"])

    @property
    def _active(self) -> float:
        """Seconds of learning so far."""
        return self._budget.elapsed - self.paused

    def _begin_stretch(self) -> None:
        split = dict(getattr(self.model, "split", {}))
        self._stretch = (self.model.num_timesteps, self._active, split)

    def _harvest(self) -> None:
        """Takes the learner's records out of the logger, where the next update would overwrite them."""
        pending = self.logger.name_to_value
        news = {name: value for name, value in pending.items() if isinstance(value, int | float | np.number)}
        news = {name: value for name, value in news.items() if not name.startswith("match/")}
        self._means.add(news)
        for name in news:
            del pending[name]

    def _look(self) -> None:
        """Brings the status up to date."""
        status, samples, budget = self._status, self.model.num_timesteps, self._budget
        status.samples, status.seconds = samples, budget.elapsed
        status.fraction = max(min(1.0, samples / self._config.total_samples), 1 - budget.remaining)
        status.samples_per_second = samples / max(self._active, 1e-9)
        if self.model.ep_info_buffer:
            status.score = float(np.mean([episode["r"] for episode in self.model.ep_info_buffer]))
            status.perf = self._game.spec.perf(status.score, self._config.seats, self._config.role)

    def _rollout(self) -> dict[str, float]:
        if self._status.score is None or self._status.perf is None:
            return {}
        length = float(np.mean([episode["l"] for episode in self.model.ep_info_buffer or ()]))
        return {
            "rollout/score": self._status.score,
            "rollout/perf": self._status.perf,
            "rollout/episode_length": length,
        }

    def _happened(self) -> dict[str, float]:
        """Shares of the actions, also as a histogram, and events of the episodes that ended."""
        happenings, spec = self._happenings, self._game.spec
        curves: dict[str, float] = {}
        if happenings.actions.any():
            add_counts(writer_of(self.logger), "actions/histogram", happenings.actions, self.model.num_timesteps)
            shares = happenings.actions / happenings.actions.sum()
            names = spec.actions_of(self._config.role)
            curves |= {f"actions/{name}": float(share) for name, share in zip(names, shares, strict=True)}
        if happenings.episodes:
            rates = happenings.events / happenings.episodes
            curves |= {f"events/{name}_per_episode": float(r) for name, r in zip(spec.events, rates, strict=True)}
        return curves

    def _time(self) -> dict[str, float]:
        """Speed and memory; what the shares leave over is spent between the learner's parts."""
        samples, active, split = self._stretch
        seconds = max(self._active - active, 1e-9)
        curves = {"time/samples_per_second_mean": self._status.samples_per_second}
        if self.model.num_timesteps > samples:
            curves["time/samples_per_second"] = (self.model.num_timesteps - samples) / seconds
            now = getattr(self.model, "split", {})
            curves |= {f"time/{part}_share": (now[part] - split[part]) / seconds for part in PARTS if part in now}
        memory = {"time/memory_mb": resident_mb(), "time/gpu_memory_mb": gpu_mb()}
        return curves | {name: size for name, size in memory.items() if size is not None}
