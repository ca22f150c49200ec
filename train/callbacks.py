"""What happens while Stable-Baselines3 learns: metrics, evaluation, checkpoints, the display, and a clean stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from ..games.contract import Game
from .charts import add_gif, animate, writer_of
from .config import TrainConfig
from .evaluation import Figures, measure, seated, usual_opponents
from .models import Budget, policy_agent
from .progress import Display, Status
from .run_folder import Run

LOG_SECONDS = 1.0  # between points of the curves, at least
EVALUATION_SEED = 1_000_003  # far from the seeds that training uses


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
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class StopWhenAsked(BaseCallback):
    """Ends learning when the clock says so, or somebody has asked."""

    def __init__(self, budget: Budget, asked: threading.Event) -> None:
        super().__init__()
        self._budget, self._asked = budget, asked

    def _on_step(self) -> bool:
        return self._budget.remaining > 0 and not self._asked.is_set()


class Metrics(BaseCallback):
    """Keeps the status, shows it, and writes the curves under fixed names."""

    def __init__(self, config: TrainConfig, game: Game, budget: Budget, status: Status, display: Display) -> None:
        super().__init__()
        self._config, self._game, self._budget, self._status, self._display = config, game, budget, status, display
        self.paused = 0.0  # seconds spent on anything but learning
        self._logged = 0.0
        self._events: dict[str, float] = {}
        self._episodes = 0

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            if "events" in info:
                self._episodes += 1
                for name, count in info["events"].items():
                    self._events[name] = self._events.get(name, 0.0) + count
        return True

    def _on_rollout_end(self) -> None:
        status, elapsed = self._status, self._budget.elapsed
        status.samples, status.seconds = self.num_timesteps, elapsed
        status.fraction = max(min(1.0, self.num_timesteps / self._config.total_samples), 1 - self._budget.remaining)
        status.samples_per_second = self.num_timesteps / max(elapsed - self.paused, 1e-9)
        if self.model.ep_info_buffer:
            status.score = float(np.mean([episode["r"] for episode in self.model.ep_info_buffer]))
            status.perf = self._game.spec.perf(status.score, self._config.seats, self._config.role)
        self._display.show(status)
        if elapsed - self._logged >= LOG_SECONDS or not self._logged:
            self.log()

    def log(self) -> None:
        """Writes a point of every curve."""
        self._logged = self._budget.elapsed
        status, logger = self._status, self.logger
        logger.record("time/samples_per_second", status.samples_per_second)
        if status.score is not None and status.perf is not None:
            logger.record("rollout/score", status.score)
            logger.record("rollout/perf", status.perf)
            logger.record("rollout/episode_length", float(np.mean([e["l"] for e in self.model.ep_info_buffer or ()])))
        for name, total in self._events.items():
            logger.record(f"events/{name}_per_episode", total / self._episodes)
        self._events, self._episodes = {}, 0
        logger.dump(self.num_timesteps)


class Evaluation(BaseCallback):
    """Plays against chance and every bot now and then; shows a match as an animation."""

    def __init__(self, config: TrainConfig, game: Game, status: Status, display: Display, metrics: Metrics) -> None:
        super().__init__()
        self._config, self._game, self._status, self._display, self._metrics = config, game, status, display, metrics
        self._next = config.eval_every
        self._part: dict[str, Any] = {"role": config.role, "seats": config.seats}

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if self._config.eval_every and self.num_timesteps >= self._next:
            self._next = self.num_timesteps + self._config.eval_every
            self.evaluate(self._config.eval_matches)

    def evaluate(self, matches: int) -> list[Figures]:
        """Figures against each opponent, logged and shown."""
        started, self._status.doing = time.monotonic(), "evaluating"
        self._display.show(self._status)
        agent = policy_agent(self.model, self._config)
        opponents, part = usual_opponents(self._game, self._config.seats), self._part
        figures = [
            measure(self._game, agent, each, matches=matches, seed=EVALUATION_SEED, **part) for each in opponents
        ]
        for each in figures:
            self._record(each)
        self._animate(agent, opponents[-1])
        self._status.doing = ""
        self._metrics.paused += time.monotonic() - started
        self._display.show(self._status)
        return figures

    def _record(self, figures: Figures) -> None:
        name = f"_vs_{figures.opponent}" if figures.opponent else ""
        self.logger.record(f"match/score{name}", figures.score.mean)
        self.logger.record(f"match/perf{name}", figures.perf)
        if figures.win_rate is not None:
            self.logger.record(f"match/win_rate{name}", figures.win_rate.mean)
            self._status.win_rates[figures.opponent] = figures.win_rate.mean

    def _animate(self, agent: Any, opponent: str) -> None:
        side = self._game.spec.sides(self._config.role)[0]
        agents = seated(self._game, agent, opponent, side=side, seats=self._config.seats, seed=EVALUATION_SEED)
        gif = animate(self._game, agents, seed=EVALUATION_SEED)
        tag = f"match/vs_{opponent}" if opponent else "match/alone"
        add_gif(writer_of(self.logger), tag, gif, self.num_timesteps)


class Checkpoints(BaseCallback):
    """Saves the model now and then; a kill at any moment leaves the last one whole."""

    def __init__(self, config: TrainConfig, run: Run) -> None:
        super().__init__()
        self._every, self._next, self._run = config.checkpoint_every, config.checkpoint_every, run

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if self.num_timesteps >= self._next:
            self._next = self.num_timesteps + self._every
            self._run.save_checkpoint(self.model)
